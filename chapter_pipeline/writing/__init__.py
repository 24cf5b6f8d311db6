"""The stages of a chapter as pure functions over typed artifacts."""
