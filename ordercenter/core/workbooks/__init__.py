"""Workbooks as files: written as a stream, looked into before anything of them is believed."""
