"""The commands `hfjobs scheduled uv ...`."""
