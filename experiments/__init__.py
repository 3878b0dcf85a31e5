"""Real networks, trained to the end and measured against the exact prediction: the suite of docs/networks.md.

    pip install -e '.[torch,plot]' scikit-learn
    python -m experiments experiments/suite.toml --run -j 2

trains what is not there yet, a line of JSON a run; ``--status`` tells how far it is, ``--table`` writes the table that
is committed and the page, ``--plot`` the figures.  Not installed; every run goes through the public API of ncsolve.
"""
