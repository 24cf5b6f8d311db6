"""Text models behind one port: `TextModel.complete(Task) -> Reply`."""
