// Uses the page at / in a real Chromium as people do: with the mouse, with the keyboard, in light and dark. Needs the build.
//
//     node test/page/check-page.mjs CHROMIUM [FOLDER FOR SCREENSHOTS]
import { execFileSync, spawn } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';

const [executablePath, screenshots] = process.argv.slice(2);
const root = fileURLToPath(new URL('../..', import.meta.url));
const bin = join(root, 'bin', 'aimaas.js');
const folder = mkdtempSync(join(tmpdir(), 'aimaas-page-'));
const profile = mkdtempSync(join(tmpdir(), 'aimaas-chromium-'));

function aimaas(...args) {
  return execFileSync(process.execPath, [bin, ...args], { cwd: folder, encoding: 'utf8', timeout: 300_000 });
}

function check(condition, message) {
  if (!condition) throw new Error(message);
}

/** Contrast of two colours as WCAG 2 defines it. */
function contrast(one, other) {
  const luminance = (colour) => {
    const [r, g, b] = colour.match(/[\d.]+/g).map((part) => {
      const share = Number(part) / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const [light, dark] = [luminance(one), luminance(other)].sort((a, b) => b - a);
  return (light + 0.05) / (dark + 0.05);
}

let server;
let context;
try {
  cpSync(join(root, 'examples', 'penguins', 'penguins.csv'), join(folder, 'penguins.csv'));
  aimaas('collect', 'penguins.csv', '--target', 'species', '-q');
  aimaas('preprocess', '-q');
  aimaas('train', '--model', 'linear', '--epochs', '60', '-q');
  aimaas('export', '--format', 'onnx', '--name', 'penguins', '--alias', 'champion', '-q');
  aimaas('export', '--format', 'onnx', '--name', 'penguins', '--force', '-q');
  server = spawn(process.execPath, [bin, 'serve', 'penguins/2', 'penguins/1', '--port', '0', '-q'], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const url = String(await new Promise((done) => server.stdout.once('data', done))).trim();

  context = await chromium.launchPersistentContext(profile, {
    executablePath,
    headless: true,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
    viewport: { width: 1100, height: 900 },
  });
  const page = await context.newPage();
  page.setDefaultTimeout(20_000);
  const problems = [];
  page.on('console', (message) => message.type() === 'error' && problems.push(message.text()));
  page.on('pageerror', (error) => problems.push(error.message));
  page.on('request', (request) => {
    const { origin, protocol } = new URL(request.url());
    if (protocol !== 'data:' && origin !== url) problems.push(`The page asked ${request.url()}`);
  });

  await page.goto(url);
  await page.getByLabel('Model').waitFor();
  const versions = await page.getByLabel('Model').locator('option').allTextContents();
  check(versions.join() === 'penguins/2,penguins/1 (champion)', `The versions are ${versions.join()}.`);
  const unlabelled = await page.$$eval('input:not([hidden]),select,textarea', (controls) =>
    controls.filter((control) => control.labels.length === 0).map((control) => control.id),
  );
  check(unlabelled.length === 0, `Without a label: ${unlabelled.join()}`);

  // A Gentoo, by mouse.
  await page.getByLabel('island').selectOption('Biscoe');
  for (const [name, value] of Object.entries({
    beak_length_mm: '49',
    beak_depth_mm: '14.5',
    flipper_length_mm: '222',
    body_mass_g: '5500',
  })) {
    await page.getByLabel(name).fill(value);
  }
  await page.getByRole('button', { name: 'Predict' }).click();
  await page.locator('#answer', { hasText: 'Gentoo' }).waitFor();
  check((await page.locator('#probabilities li').count()) === 3, 'There are not three probabilities.');
  check((await page.locator('#effects li').count()) === 6, 'There are not six effects.');
  const curl = await page.locator('#curl').textContent();
  check(curl.includes('"flipper_length_mm":222'), `curl has other values: ${curl}`);
  const said = execFileSync('sh', ['-c', curl.replace(/^curl /, 'curl --silent ')], {
    encoding: 'utf8',
    timeout: 20_000,
  });
  check(JSON.parse(said).predictions[0].prediction === 'Gentoo', `curl says ${said}`);

  // The other version, by keyboard alone.
  await page.getByLabel('Model').focus();
  await page.keyboard.press('ArrowDown');
  await page.locator('#result').waitFor({ state: 'hidden' });
  await page.getByLabel('beak_length_mm').focus();
  await page.keyboard.press('Control+A');
  await page.keyboard.type('38');
  await page.keyboard.press('Enter');
  await page.locator('#answer').waitFor();
  check(
    (await page.locator('#status').textContent()).startsWith('Answered: '),
    'The answer is not announced.',
  );

  for (const colorScheme of ['light', 'dark']) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    const colours = await page.$$eval('h1,h2,label,.hint,.answer,.number,button', (elements) =>
      elements
        .filter((one) => one.offsetParent !== null)
        .map((one) => {
          let behind = one;
          while (getComputedStyle(behind).backgroundColor === 'rgba(0, 0, 0, 0)')
            behind = behind.parentElement;
          return [
            one.className || one.tagName,
            getComputedStyle(one).color,
            getComputedStyle(behind).backgroundColor,
          ];
        }),
    );
    for (const [name, ink, paper] of colours) {
      const found = contrast(ink, paper);
      check(found >= 4.5, `${name} has a contrast of ${found.toFixed(2)} in ${colorScheme}.`);
    }
    if (screenshots !== undefined) {
      await page.screenshot({ path: join(screenshots, `page-${colorScheme}.png`), fullPage: true });
    }
  }
  await page.setViewportSize({ width: 360, height: 700 });
  const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  check(overflow <= 0, `The page is ${overflow} pixels too wide for a phone.`);
  if (screenshots !== undefined)
    await page.screenshot({ path: join(screenshots, 'page-phone.png'), fullPage: true });
  check(problems.length === 0, problems.join('\n'));
  console.log(
    `The page works in Chromium ${context.browser()?.version() ?? ''}: mouse, keyboard, light, dark and phone.`,
  );
} finally {
  await context?.close().catch(() => undefined);
  server?.kill('SIGTERM');
  rmSync(folder, { recursive: true, force: true });
  rmSync(profile, { recursive: true, force: true });
}
