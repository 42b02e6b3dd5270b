"""The endpoints as tools of the Model Context Protocol, through its own client."""

import ast
import asyncio
from concurrent.futures import ThreadPoolExecutor

import pytest

from ecoflap.allocation import allocate
from ecoflap.types import Recipe
from ecoflap.ui import build, launch_options
from tests.ui.fakes import FakeExplorer, small_bundle

mcp = pytest.importorskip("mcp", reason="--mcp is an option: pip install 'gradio[mcp]'")


async def talk(url):
    """The tools by name, what /allocate answers, and what it says to a target that cannot be."""
    from mcp.client.streamable_http import streamablehttp_client

    async with (
        streamablehttp_client(f"{url}gradio_api/mcp/") as (read, write, _),
        mcp.ClientSession(read, write) as session,
    ):
        await session.initialize()
        tools = (await session.list_tools()).tools
        found = await session.call_tool("allocate", {"target": 0.4, "allocator": "uniform"})
        refused = await session.call_tool("allocate", {"target": 0.9, "max_sparsity": 0.6})
        return {tool.name: tool for tool in tools}, found, refused


def test_the_four_endpoints_are_tools():
    blocks = build(FakeExplorer())
    blocks.launch(prevent_thread_lock=True, mcp_server=True, **launch_options())
    try:
        with ThreadPoolExecutor() as thread:  # this one may have a browser's event loop already
            tools, found, refused = thread.submit(asyncio.run, talk(blocks.local_url)).result()
    finally:
        blocks.close()
    assert sorted(tools) == ["allocate", "ask", "score", "sweep"]
    for tool in tools.values():
        assert len(tool.description) > 60, tool.name
        described = tool.inputSchema["properties"]
        assert all(facts.get("description") for facts in described.values()), tool.name
    groups = allocate(small_bundle(), Recipe(0.4, allocator="uniform")).groups()
    assert ast.literal_eval(found.content[0].text)["groups"] == groups
    assert refused.isError and "above the cap" in refused.content[0].text
