/** The page's CSS: the reader's own light or dark, every text at least 4.5:1 against what is behind it. */
export const STYLESHEET = `
:root{color-scheme:light dark;--ink:#1b1f24;--muted:#59636e;--paper:#fff;--surface:#f6f8fa;--line:#8b949e;--accent:#0058a3;--on-accent:#fff;--up:#0072b2;--down:#b04a00;--bad:#a11}
@media (prefers-color-scheme:dark){:root{--ink:#e8ecf1;--muted:#a3adb8;--paper:#14181d;--surface:#1d232a;--line:#6b7682;--accent:#6cb6ff;--on-accent:#0b1016;--up:#56b4e9;--down:#f0843c;--bad:#ff9a8f}}
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"DejaVu Sans",sans-serif}
main{max-width:1080px;margin:0 auto;padding:1.5rem 1.25rem 4rem}
h1{font-size:1.5rem;margin:0 0 1rem}
h2{font-size:1.1rem;margin:0 0 .75rem}
.columns{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,340px),1fr));gap:1.5rem;align-items:start}
section,form{background:var(--surface);border:1px solid var(--line);border-radius:10px;padding:1.1rem 1.25rem;min-width:0}
section+section{margin-top:1.25rem}
.field{margin-bottom:.9rem}
label{display:block;font-weight:600;overflow-wrap:anywhere}
.hint{display:block;color:var(--muted);font-size:.85rem;font-weight:400}
input,select,textarea,button{font:inherit;color:inherit;background:var(--paper);border:1px solid var(--line);border-radius:6px;padding:.45rem .6rem;width:100%;min-height:2.6rem}
button{width:auto;cursor:pointer;font-weight:600}
button.primary{background:var(--accent);color:var(--on-accent);border-color:var(--accent)}
:focus-visible{outline:3px solid var(--accent);outline-offset:2px}
.buttons{display:flex;flex-wrap:wrap;gap:.6rem}
.answer{font-size:1.9rem;font-weight:700;line-height:1.2;margin:0 0 .75rem;overflow-wrap:anywhere}
.bars{list-style:none;margin:0;padding:0}
.bars li{display:grid;grid-template-columns:minmax(6rem,38%) 1fr 4.8rem;gap:.6rem;align-items:center;margin:.3rem 0}
.bars .name{overflow-wrap:anywhere}
.bars .number{text-align:right;font-variant-numeric:tabular-nums}
.track{position:relative;height:.85rem}
.track i{position:absolute;top:0;bottom:0;border-radius:3px;background:var(--up)}
.track i.down{background:var(--down)}
.track.signed::before{content:"";position:absolute;left:50%;top:-2px;bottom:-2px;border-left:1px solid var(--line)}
.error{color:var(--bad);font-weight:600;white-space:pre-wrap}
.error:empty{display:none}
pre{background:var(--paper);border:1px solid var(--line);border-radius:6px;padding:.75rem;margin:0 0 .6rem;overflow-x:auto;font:.85rem/1.45 ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;white-space:pre-wrap;overflow-wrap:anywhere}
[hidden]{display:none!important}
@media (prefers-reduced-motion:no-preference){.track i{transition:width .15s}}
`;
