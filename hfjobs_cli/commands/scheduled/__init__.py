"""The commands on schedules, `hfjobs scheduled ...`."""
