"""Who there is: organizations, members, their profiles over time, roles, field assignments, targets."""
