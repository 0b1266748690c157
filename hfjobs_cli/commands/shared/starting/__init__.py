"""What commands share that start jobs, and make schedules."""
