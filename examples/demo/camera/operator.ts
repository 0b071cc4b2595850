import { chromium, type Page } from "playwright-core";

/** When a picture's outline was seen on the page, in milliseconds since 1970. */
export interface Seen {
  /** Hash of the picture's bytes. */
  sha256: string;
  at: number;
}

/** A headless browser on the operator's page. */
export interface Operator {
  /** Pictures seen so far, each once. */
  seen: Seen[];
  /** Clicks on a point of the picture, in fractions. */
  click(point: { x: number; y: number }): Promise<void>;
  /** Waits until an outline is shown. */
  outlined(): Promise<void>;
  close(): Promise<void>;
}

/** Runs in the page: reports each change of the overlay, with the hash of the picture below it. */
const WATCH = `(() => {
  let last;
  const report = () => {
    const source = document.querySelector(".seg-picture img")?.getAttribute("src");
    const sha256 = /pictures\\/([0-9a-f]{64})/.exec(source ?? "")?.[1];
    if (sha256 === undefined || sha256 === last || !document.querySelector("g[data-score]")) return;
    last = sha256;
    void seenByOperator({ sha256, at: Date.now() });
  };
  new MutationObserver(report).observe(document.body, { subtree: true, childList: true, attributes: true });
})()`;

/** Opens the operator's page in a Chromium of this machine. */
export async function openOperator(executablePath: string, url: string): Promise<Operator> {
  const browser = await chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-gpu"] });
  try {
    const page: Page = await browser.newPage({ viewport: { width: 1400, height: 900 } });
    const seen: Seen[] = [];
    await page.exposeFunction("seenByOperator", (what: Seen) => void seen.push(what));
    await page.goto(url);
    await page.evaluate(WATCH);
    return {
      seen,
      click: async (point) => {
        const box = await page.locator(".seg-picture").boundingBox();
        if (box === null) throw new Error("There is no picture on the page.");
        await page.mouse.click(box.x + box.width * point.x, box.y + box.height * point.y);
      },
      outlined: () => page.locator("g[data-score]").first().waitFor(),
      close: () => browser.close(),
    };
  } catch (error) {
    await browser.close();
    throw error;
  }
}
