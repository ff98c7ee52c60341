"""How sure a figure is: intervals, differences of two submissions, and ranks that say what cannot be told apart.

Questions of one image are not independent, so everything counts images: they are the clusters.
"""
