"""The style sheet of pages for a browser: light and dark, for a phone and for a desk. ASCII, as the page is."""

STYLE = """
:root{color-scheme:light dark;--back:#fff;--fore:#1f2328;--soft:#59636e;--edge:#d9dee3;--fill:#f6f8fa;--link:#0757b8;
--green:#1a7f37;--red:#c9202c;--yellow:#8a6100;--cyan:#0a6c8f;--magenta:#8250df;--cost:#4f5bd5}
@media (prefers-color-scheme:dark){:root{--back:#0f1318;--fore:#e6e9ed;--soft:#9aa4af;--edge:#2d343c;--fill:#181d24;
--link:#76b3ff;--green:#4cc268;--red:#ff7b72;--yellow:#d9a72e;--cyan:#4cbfe0;--magenta:#bf97ff;--cost:#94a2ff}}
*{box-sizing:border-box}
body{margin:0 auto;max-width:90rem;padding:1.25rem 1rem 2rem;background:var(--back);color:var(--fore);
font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans",sans-serif;overflow-wrap:break-word}
h1{font-size:1.5rem;line-height:1.25;margin:0 0 1rem;overflow-wrap:anywhere}
h2{font-size:1.1rem;margin:1.75rem 0 .5rem}
p{margin:.25rem 0}
a{color:var(--link);text-decoration:none}
a:hover,a:focus{text-decoration:underline}
code,pre,.code{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;font-size:.87em}
.made{margin:-.6rem 0 1rem;color:var(--soft);font-size:.85rem}.made:first-child{margin-top:0}
article+article{margin-top:2.5rem;padding-top:1.5rem;border-top:1px solid var(--edge)}
.status{font-weight:600;font-size:.82em;letter-spacing:.02em;white-space:nowrap;color:currentColor}
.status::before{content:"";display:inline-block;width:.55em;height:.55em;margin-right:.4em;border-radius:50%;
background:currentColor}
.green{color:var(--green);fill:var(--green)}.red{color:var(--red);fill:var(--red)}
.yellow{color:var(--yellow);fill:var(--yellow)}.cyan{color:var(--cyan);fill:var(--cyan)}
.magenta{color:var(--magenta);fill:var(--magenta)}.rest{fill:var(--edge)}
.cost{color:var(--cost);fill:var(--cost)}
.bold{font-weight:700;font-size:inherit;letter-spacing:0}.bold::before{display:none}
.absent,.place,.more{color:var(--soft)}
time{white-space:nowrap}
.table{overflow-x:auto;border:1px solid var(--edge);border-radius:8px}
table{border-collapse:collapse;width:100%}
th,td{padding:.45rem .75rem;text-align:left;vertical-align:top;font-weight:400}
thead th{background:var(--fill);color:var(--soft);font-size:.75rem;font-weight:600;white-space:nowrap;
font-family:inherit}
thead .code{font-size:.75rem}
tbody tr,tfoot tr{border-top:1px solid var(--edge)}
tbody tr:hover{background:var(--fill)}
tbody th,tfoot th{white-space:nowrap}
tfoot th,tfoot td{font-weight:700}
td{max-width:28rem;overflow-wrap:anywhere}
td:not(.code){min-width:4.5rem}
td.code{min-width:12rem}
.number{text-align:right;white-space:nowrap;font-variant-numeric:tabular-nums}
summary{cursor:pointer}
dl{margin:1rem 0 0}
dl div{display:grid;grid-template-columns:9rem 1fr;gap:0 1rem;padding:.4rem 0;border-top:1px solid var(--edge)}
.steps div{grid-template-columns:17rem 1fr}
dt{color:var(--soft)}
dd{margin:0;min-width:0;white-space:pre-wrap;overflow-wrap:anywhere}
pre{margin:0;padding:.75rem 1rem;background:var(--fill);border:1px solid var(--edge);border-radius:8px;
white-space:pre-wrap;overflow-wrap:anywhere}
.bar{display:block;width:100%;height:.9rem;background:var(--fill);border-radius:3px;overflow:hidden}
.legend{display:flex;flex-wrap:wrap;gap:.1rem 1rem;margin:.4rem 0;padding:0;list-style:none;font-size:.85rem;
color:var(--soft)}
.key{width:.7rem;height:.7rem;margin-right:.4rem;border-radius:2px;overflow:hidden}
.charts{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,26rem),1fr));gap:1rem;margin-bottom:1rem}
figure{margin:0;padding:.9rem 1rem;border:1px solid var(--edge);border-radius:8px;min-width:0}
figcaption{font-weight:600}
.bars{margin:.5rem 0 0;padding:0;list-style:none}
.bars li{display:grid;grid-template-columns:minmax(5rem,30%) 1fr 5.5rem;gap:.75rem;align-items:center;padding:.12rem 0}
.bars span{overflow:hidden;text-overflow:ellipsis;white-space:nowrap}
.bars b{font-weight:400;text-align:right;font-variant-numeric:tabular-nums}
.line svg[role]{display:block;width:100%;height:9rem;overflow:visible}
.line .most,.ends{margin:.3rem 0;color:var(--soft);font-size:.8rem}
.ends{display:flex;justify-content:space-between}
.grid{stroke:var(--edge);fill:none;vector-effect:non-scaling-stroke}
.stroke{stroke:currentColor;fill:none;stroke-width:2;vector-effect:non-scaling-stroke;stroke-linejoin:round}
.area{fill-opacity:.12}
.tree{overflow-x:auto}
.tree ul{margin:0;padding:0 0 0 1.4rem;list-style:none}
.tree>ul{padding:0;margin-bottom:1.25rem}
.tree ul ul ul ul ul ul ul{padding-left:.5rem}
.tree li{position:relative;padding:.15rem 0}
.tree ul ul>li::before{content:"";position:absolute;left:-.8rem;top:0;bottom:0;border-left:1px solid var(--edge)}
.tree ul ul>li:last-child::before{bottom:auto;height:1rem}
.tree ul ul>li::after{content:"";position:absolute;left:-.8rem;top:1rem;width:.6rem;border-top:1px solid var(--edge)}
.node{display:inline-flex;flex-wrap:wrap;gap:0 .75rem;align-items:baseline;padding:.05rem .4rem;border-radius:5px}
.node[aria-current]{background:var(--fill);outline:1px solid var(--link)}
.node .name{font-weight:600}.node .value{color:var(--soft)}.folded{color:var(--soft)}
@media (max-width:48rem){
body{padding:1rem .75rem 1.5rem}
.table{border:0}
table,tbody,tfoot,tr,th,td{display:block}
thead{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
tbody tr,tfoot tr{border:1px solid var(--edge);border-radius:8px;margin-bottom:.6rem;padding:.35rem 0}
tbody th,tbody td,tfoot th,tfoot td{display:grid;grid-template-columns:7rem 1fr;gap:.75rem;max-width:none;
padding:.15rem .75rem;white-space:normal;overflow-wrap:anywhere}
.number{text-align:left}
td[data-label]::before,th[data-label]::before{content:attr(data-label);color:var(--soft);font:600 .75rem/1.9 system-ui,
sans-serif}
dl div,.steps div{grid-template-columns:1fr}
.bars li{grid-template-columns:minmax(4rem,34%) 1fr 4.6rem;gap:.5rem}
}
@media print{.table{overflow:visible}a{color:inherit}}
"""
