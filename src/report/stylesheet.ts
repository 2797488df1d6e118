import { DARK, LIGHT, themeVariables } from './theme.js';

/** All of the report's CSS. */
export const STYLESHEET = `
:root{${themeVariables(LIGHT)};--good:#00704f;--bad:#a63d00;--surface:#f6f8fa}
@media (prefers-color-scheme:dark){:root{${themeVariables(DARK)};--good:#2fc79a;--bad:#f0843c;--surface:#1d232a}}
*{box-sizing:border-box}
body{margin:0;background:var(--background);color:var(--ink);font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"DejaVu Sans",sans-serif}
main{max-width:1080px;margin:0 auto;padding:2rem 1.25rem 4rem}
h1{font-size:1.7rem;line-height:1.25;margin:0 0 .25rem}
h2{font-size:1.2rem;margin:2.5rem 0 .75rem}
header p,.note,small,caption{color:var(--muted)}
header p{margin:0}
.note{font-size:.88rem;max-width:75ch}
aside{margin-top:1.25rem;padding:.6rem 1rem;border-left:4px solid var(--bad);background:var(--surface)}
aside ul{margin:0;padding-left:1.1rem}
.scroll{overflow-x:auto}
.scroll:focus-visible{outline:2px solid var(--series0)}
table{border-collapse:collapse;width:100%;font-size:.93rem}
caption{text-align:left;font-size:.88rem;padding-bottom:.4rem}
th,td{padding:.45rem .75rem;text-align:left;border-bottom:1px solid var(--grid);vertical-align:top}
thead th{font-weight:600;color:var(--muted);border-bottom:2px solid var(--grid)}
tbody th{font-weight:500}
th small{display:block;font-weight:400;font-size:.82rem;line-height:1.35;max-width:70ch}
.number{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
.value{font-weight:650}
.missing{color:var(--muted);text-align:right}
.better{color:var(--good)}
.worse{color:var(--bad);font-weight:600}
code{font:600 .95em ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace}
.plots{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,420px),1fr));gap:1.25rem;align-items:start}
figure{margin:0;padding:.5rem;border:1px solid var(--grid);border-radius:8px}
figure svg{display:block;width:100%;height:auto}
details summary{cursor:pointer;padding:.3rem 0}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.3rem 1.25rem;font-size:.93rem}
dt{color:var(--muted)}
dd{margin:0;overflow-wrap:anywhere}
@media print{main{max-width:none;padding:0}figure,tr{break-inside:avoid}details:not([open])>*{display:block}}
`;
