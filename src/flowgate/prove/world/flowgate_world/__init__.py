"""The world of an arm: its namespaces, its files, and what the kernel tells of it. Nothing here imports flowgate."""
