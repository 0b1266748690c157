"""What commands share that tell where jobs come from."""
