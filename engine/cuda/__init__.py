"""The engine on a GPU: work of fixed sizes, captured as CUDA graphs and fed from pinned memory.

A batch is filled up to the next of a few sizes. Within it the host never waits for the device; it waits once, in
`fetched`, for what comes back. All of it runs on a CPU too, as plain calls: so it is tested.
"""
