"""What runs inside the project's own environment: standard library only, beside Metaflow.

numpy, pandas and torch are recognised where the project has imported them, and never imported for their own sake.
"""
