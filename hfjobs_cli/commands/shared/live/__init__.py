"""What commands share that go on, and show what happens."""
