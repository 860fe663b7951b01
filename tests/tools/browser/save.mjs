// Presses the button "SVG" of figures of one page, as a reader would. Run by save.sh.
import {chromium} from 'playwright-core';

const [file, folder, ...wanted] = process.argv.slice(2);
const browser = await chromium.launch({
  executablePath: process.env.LORAFLEET_BROWSER || '/usr/bin/chromium', args: ['--no-sandbox']});
const page = await browser.newPage({viewport: {width: 1240, height: 900}, acceptDownloads: true});
const reload = async () => {
  await page.goto('file://' + file);
  return page.evaluate(() => [...document.querySelectorAll('.save')].map((save) => save.dataset.picture));
};
const there = await reload();
const unknown = wanted.filter((id) => !there.includes(id));
if (unknown.length) {
  console.error(`${file}: no figure ${unknown.join(', ')}; there are: ${there.join(', ')}`);
  process.exit(2);
}
for (const id of wanted.length ? wanted : there) {
  await reload();  // Chromium stops a page that saves more than ten files
  const [download] = await Promise.all([page.waitForEvent('download'), page.click(`.save[data-picture="${id}"]`)]);
  await download.saveAs(`${folder}/${download.suggestedFilename()}`);
  console.log(`${folder}/${download.suggestedFilename()}`);
}
await browser.close();
