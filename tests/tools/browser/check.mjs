import {readFileSync} from 'node:fs';
import {createRequire} from 'node:module';
import {chromium} from 'playwright-core';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const modes = {
  light: {viewport: {width: 1240, height: 900}, colorScheme: 'light'},
  dark: {viewport: {width: 1240, height: 900}, colorScheme: 'dark'},
  phone: {viewport: {width: 390, height: 844}, colorScheme: 'light'},
};
const browser = await chromium.launch({
  executablePath: process.env.LORAFLEET_BROWSER || '/usr/bin/chromium', args: ['--no-sandbox']});
let problems = 0;
function complain(file, mode, what) {
  problems += 1;
  console.log(`${file} (${mode}): ${what}`);
}

for (const file of process.argv.slice(2)) {
  for (const [mode, settings] of Object.entries(modes)) {
    const context = await browser.newContext(settings);
    const page = await context.newPage();
    page.on('pageerror', (error) => complain(file, mode, error.message));
    page.on('console', (message) => complain(file, mode, message.text()));
    page.on('request', (request) => {
      if (!/^(file|data):/.test(request.url())) complain(file, mode, 'asks for ' + request.url());
    });
    await page.goto('file://' + file);
    if (await page.evaluate(() => document.documentElement.dataset.ready) !== '1') complain(file, mode, 'did not draw');
    const width = await page.evaluate(() => document.documentElement.scrollWidth);
    if (width > settings.viewport.width) complain(file, mode, `is ${width} pixels wide`);
    // Tab reaches the axis control, and its choice is kept in the address.
    if (await page.locator('.controls').count()) {
      await page.focus('.controls select');
      await page.keyboard.press('ArrowDown');
      if (!page.url().includes('#x=1')) complain(file, mode, 'the keyboard does not change the axis');
    }
    const session = await context.newCDPSession(page);
    await session.send('Page.setBypassCSP', {enabled: true});
    await page.reload();
    await page.evaluate(axe);
    const found = await page.evaluate(() => globalThis.axe.run());
    for (const one of found.violations)
      complain(file, mode, `axe ${one.id}: ${one.nodes.map((node) => node.html.slice(0, 120)).join(' | ')}`);
    console.log(`${file} (${mode}): axe passes ${found.passes.length}, violations ${found.violations.length}`);
    await context.close();
  }
  const page = await browser.newPage();
  await page.goto('file://' + file);
  const pdf = await page.pdf({format: 'A4', preferCSSPageSize: true});
  console.log(`${file} (print): ${pdf.length} bytes of PDF`);
  await page.close();
}
await browser.close();
process.exit(problems ? 1 : 0);
