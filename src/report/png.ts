import { createRequire } from 'node:module';

/** Twice the size in pixels: sharp on today's screens and in print. */
const ZOOM = 2;

/** Scripts the font of the package does not hold (Chinese, Japanese, Korean, emoji …): then the machine's fonts help. */
const BEYOND_FONT = /[\u2e80-\ud7ff\uf900-\ufaff\u{10000}-\u{10ffff}]/u;

/**
 * An SVG document as PNG. Text is drawn with DejaVu Sans from the package, so that it looks the same on machines
 * without any fonts.
 */
export async function toPng(svg: string): Promise<Uint8Array> {
  const { Resvg } = await import('@resvg/resvg-js');
  const require = createRequire(import.meta.url);
  const fontFiles = ['DejaVuSans.ttf', 'DejaVuSans-Bold.ttf'].map((name) =>
    require.resolve(`dejavu-fonts-ttf/ttf/${name}`),
  );
  const image = new Resvg(svg, {
    fitTo: { mode: 'zoom', value: ZOOM },
    font: { fontFiles, loadSystemFonts: BEYOND_FONT.test(svg), defaultFontFamily: 'DejaVu Sans' },
  });
  return image.render().asPng();
}
