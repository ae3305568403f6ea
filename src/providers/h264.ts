import { BitWriter } from './h264-bits.js';

export interface PictureSize {
  readonly width: number;
  readonly height: number;
}

/** A colour as H.264 has it: brightness and two differences, 16 to 235. */
export type Yuv = readonly [number, number, number];

const MACROBLOCK = 16;
const SEQUENCE = 0x67;
const PICTURE = 0x68;
const KEY_SLICE = 0x65;
const SLICE = 0x41;
const I_SLICE = 7;
const P_SLICE = 5;
const I_PCM = 25;
const VERTICAL_16X16 = 1;
const VERTICAL_CHROMA = 2;
const NO_DEBLOCKING = 1;

const across = (pixels: number): number => Math.ceil(pixels / MACROBLOCK);

/** Sequence parameters (7.3.2.1): constrained baseline, level 4.0, 4:2:0, cropped to the size. */
export function sequenceParameters({ width, height }: PictureSize): Buffer {
  const columns = across(width);
  const rows = across(height);
  const [right, bottom] = [(columns * MACROBLOCK - width) / 2, (rows * MACROBLOCK - height) / 2];
  const bits = new BitWriter().bits(66, 8).bits(0xc0, 8).bits(40, 8);
  // Ids, 4 bits of frame number, no picture order, one reference frame.
  bits.ue(0).ue(0).ue(2).ue(1).bits(0, 1);
  bits
    .ue(columns - 1)
    .ue(rows - 1)
    .bits(0b11, 2);
  bits.bits(1, 1).ue(0).ue(right).ue(0).ue(bottom);
  return bits.bits(0, 1).unit(SEQUENCE);
}

/** Picture parameters (7.3.2.2): CAVLC, one slice group, the deblocking filter under control of each slice. */
export function pictureParameters(): Buffer {
  const bits = new BitWriter().ue(0).ue(0).bits(0, 2).ue(0).ue(0).ue(0).bits(0, 3);
  return bits.se(0).se(0).se(0).bits(0b100, 3).unit(PICTURE);
}

/**
 * A whole picture: the first row of macroblocks as plain samples, one colour each, and every row below it predicted from
 * the one above, so that the picture is made of upright stripes. `number` counts the key pictures.
 */
export function keyPicture(
  { width, height }: PictureSize,
  colourOf: (column: number) => Yuv,
  number: number,
): Buffer {
  const columns = across(width);
  // Two key pictures in a row must not have the same id.
  const bits = sliceStart(new BitWriter(), I_SLICE, 0)
    .ue(number % 2)
    .bits(0, 2)
    .se(0)
    .ue(NO_DEBLOCKING);
  for (let column = 0; column < columns; column++) {
    bits
      .ue(I_PCM)
      .align()
      .raw(samplesOf(colourOf(column)));
  }
  for (let row = 1; row < across(height); row++) {
    for (let column = 0; column < columns; column++) {
      bits.ue(VERTICAL_16X16).ue(VERTICAL_CHROMA).se(0);
      // No coefficients: coeff_token (table 9-5) for neighbours of plain samples, which count as full, and for others.
      if (row === 1) bits.bits(0b000011, 6);
      else bits.bits(1, 1);
    }
  }
  return bits.unit(KEY_SLICE);
}

/** The picture before it once more: every macroblock is skipped. `frame` counts from the last key picture. */
export function repeatedPicture({ width, height }: PictureSize, frame: number): Buffer {
  // References as they are, and kept in order.
  const bits = sliceStart(new BitWriter(), P_SLICE, frame).bits(0, 3).se(0).ue(NO_DEBLOCKING);
  return bits.ue(across(width) * across(height)).unit(SLICE);
}

/** 7.3.3: the first macroblock, the type, the parameters, the frame's number. */
function sliceStart(bits: BitWriter, type: typeof I_SLICE | typeof P_SLICE, frame: number): BitWriter {
  return bits
    .ue(0)
    .ue(type)
    .ue(0)
    .bits(frame % 16, 4);
}

function* samplesOf([luma, blue, red]: Yuv): Generator<number> {
  for (let at = 0; at < 256; at++) yield luma;
  for (let at = 0; at < 64; at++) yield blue;
  for (let at = 0; at < 64; at++) yield red;
}
