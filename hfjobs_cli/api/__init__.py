"""The Hub's Jobs API: one method per endpoint, over a transport that is the only user of httpx."""
