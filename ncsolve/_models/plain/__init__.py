"""The paper's model: one layer, linear features, enough dimensions (T3 to T6).

``frames.py`` takes the frame of T5 (``_frames/balanced.py``), T6 or T5b where one applies, else that of the bias (T3,
T4); it stands on ``_bias`` and ``_frames`` and on no other model.  ``law.js`` is the explorer's copy of T5.
"""
