"""The door: any frame, file or table by URL in, one lazy frame out whose columns are named by role."""
