"""How the report's page looks. Colours are variables, once for light and once for dark; plots use the same ones."""

from __future__ import annotations

from typing import Final

STYLE: Final = """
:root { --page: #fbfbfa; --ink: #1d1d1b; --soft: #5c5c57; --line: #d9d9d4; --box: #f1f1ee; --link: #1a5fb4;
  --one: #1f6fc4; --two: #c2410c; --three: #6b7280; --four: #7c3aed; --five: #0f766e;
  --met: #15703a; --missed: #9a5b00; --violated: #b3172b; }
@media screen and (prefers-color-scheme: dark) { :root { --page: #161615; --ink: #ecece8; --soft: #a8a8a1;
  --line: #3a3a37; --box: #22221f; --link: #82b4f2; --one: #6aa9f0; --two: #f28f5c; --three: #9ca3af; --four: #b794f6;
  --five: #5fc7ba; --met: #63c98a; --missed: #e0a94a; --violated: #ff7b86; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--ink); font: 16px/1.55 system-ui, sans-serif;
  display: grid; grid-template-columns: 15rem minmax(0, 60rem); gap: 2.5rem; justify-content: center;
  padding: 2rem 1.5rem 5rem; }
nav { position: sticky; top: 2rem; align-self: start; font-size: .875rem; }
nav ol { list-style: none; margin: 0; padding: 0; border-left: 1px solid var(--line); }
nav a { display: block; padding: .2rem .8rem; color: var(--soft); text-decoration: none; }
nav a:hover, nav a:focus-visible { color: var(--link); }
h1 { font-size: 1.9rem; line-height: 1.2; margin: 0 0 1rem; }
h2 { font-size: 1.35rem; margin: 3rem 0 .8rem; padding-top: .8rem; border-top: 1px solid var(--line); }
h3 { font-size: 1.1rem; margin: 2.2rem 0 .6rem; }
h4 { font-size: .95rem; margin: 1.4rem 0 .4rem; color: var(--soft); font-weight: 600; }
p, li, figcaption { overflow-wrap: anywhere; } p { margin: .5rem 0; max-width: 46rem; }
a { color: var(--link); }
.table { overflow-x: auto; margin: .8rem 0; }
table { border-collapse: collapse; font-size: .875rem; min-width: 100%; }
th, td { text-align: left; vertical-align: top; padding: .35rem .7rem .35rem 0; border-bottom: 1px solid var(--line); }
th { color: var(--soft); font-weight: 600; white-space: nowrap; }
.number { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; }
.met { color: var(--met); font-weight: 600; } .missed { color: var(--missed); font-weight: 600; }
.violated { color: var(--violated); font-weight: 700; }
pre { background: var(--box); padding: .8rem 1rem; overflow-x: auto; font: .8125rem/1.5 ui-monospace, monospace;
  border-radius: 4px; }
ul { padding-left: 1.2rem; } ul.checks { list-style: none; padding-left: 0; }
figure { margin: 1.2rem 0; overflow: hidden; } figcaption { font-size: .875rem; color: var(--soft); }
details { font-size: .875rem; margin-top: .3rem; } summary { cursor: pointer; color: var(--link); }
svg { display: block; width: 100%; height: auto; }
svg text { fill: var(--soft); font: 12px system-ui, sans-serif; }
svg .grid { stroke: var(--line); stroke-width: 1; } svg .axis { stroke: var(--soft); stroke-width: 1; }
svg .s1 { stroke: var(--one); } svg .s2 { stroke: var(--two); } svg .s3 { stroke: var(--three); }
svg .s4 { stroke: var(--four); } svg .s5 { stroke: var(--five); }
svg path { fill: none; stroke-width: 2; stroke-linejoin: round; }
svg text.s1 { fill: var(--one); stroke: none; } svg text.s2 { fill: var(--two); stroke: none; }
svg text.s3 { fill: var(--three); stroke: none; } svg text.s4 { fill: var(--four); stroke: none; }
svg text.s5 { fill: var(--five); stroke: none; }
svg .aim { stroke: var(--missed); stroke-width: 1; stroke-dasharray: 5 4; }
.narrow { display: none; }
@media (max-width: 60rem) { body { grid-template-columns: minmax(0, 1fr); gap: 1rem; padding: 1rem 1rem 3rem; }
  nav { position: static; } nav ol { border: 0; columns: 2; } nav a { padding: .2rem 0; } }
@media (max-width: 40rem) { .wide { display: none; } .narrow { display: block; } h1 { font-size: 1.5rem; }
  td:last-child:not(:nth-child(2)):not(.number) { min-width: 13rem; } pre { white-space: pre-wrap; } }
@media print { nav { display: none; } body { display: block; } .table, pre { overflow: visible; } }
"""
