"""Points of a sweep and units of a score, spread over the machines of a Ray cluster.

Ray is an optional package (requirements-ray.txt). It is imported when a cluster is asked for, in `connection.py` alone;
whatever else needs it is given it.
"""
