import { createHash } from 'node:crypto';
import { SCRIPT } from './script.js';
import { STYLESHEET } from './stylesheet.js';

/** The page at /. It holds nothing of the models, which it asks for, and needs nothing from elsewhere. */
export const DOCUMENT = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>aimaas – ask a model</title>
<link rel="icon" href="data:,">
<style>${STYLESHEET}</style>
</head>
<body>
<main>
<h1>Ask a model</h1>
<p id="notice" role="alert"></p>
<form id="entry" hidden>
<div class="field"><label for="key">API key</label><span class="hint" id="key-hint">This server asks for one. It is kept until the page is closed.</span><input id="key" type="password" autocomplete="off" aria-describedby="key-hint" required></div>
<button class="primary">Continue</button>
</form>
<div id="page" class="columns" hidden>
<form id="form">
<div class="field"><label for="model">Model</label><select id="model"></select></div>
<div id="fields"></div>
<p id="error" class="error" role="alert"></p>
<div class="buttons"><button class="primary" id="predict">Predict</button><button type="button" id="reset">Fill in the example</button></div>
</form>
<div>
<section id="result" aria-labelledby="result-title" hidden>
<h2 id="result-title">Answer</h2>
<p class="answer" id="answer"></p>
<ul class="bars" id="probabilities" aria-label="Probabilities"></ul>
<h2 id="effects-title">What mattered</h2>
<ul class="bars" id="effects" aria-labelledby="effects-title"></ul>
<p class="hint" id="about"></p>
</section>
<section aria-labelledby="curl-title">
<h2 id="curl-title">The same with curl</h2>
<pre id="curl" tabindex="0" aria-labelledby="curl-title"></pre>
<button type="button" id="copy">Copy</button>
</section>
</div>
</div>
<p id="status" class="hint" role="status"></p>
</main>
<script>${SCRIPT}</script>
</body>
</html>
`;

function hash(text: string): string {
  return `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
}

/** Only the page's own script and styles run, and it talks to nobody but its server. */
export const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  `script-src ${hash(SCRIPT)}`,
  `style-src ${hash(STYLESHEET)}`,
  "connect-src 'self'",
  'img-src data:',
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');
