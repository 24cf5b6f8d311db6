"""Reads a PDF in an isolated process: its text lines, images, drawings and what it embeds."""
