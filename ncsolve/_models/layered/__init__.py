"""Bottlenecks (T8) and deep linear heads (T9): a penalty on each singular value, and which of them are kept."""
