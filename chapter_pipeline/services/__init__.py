"""The use cases, each once: the command line, assets and sensors call them."""
