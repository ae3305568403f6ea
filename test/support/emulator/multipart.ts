import { type Json } from './wire.js';

/** The fields of a multipart form; a file's is its bytes. `undefined` for another content type. */
export function multipartOf(contentType: string | undefined, body: Buffer): Json | undefined {
  const [, boundary] = /^multipart\/form-data;\s*boundary="?([^";]+)/i.exec(contentType ?? '') ?? [];
  if (boundary === undefined) return undefined;
  const fields: Record<string, unknown> = {};
  for (const part of partsOf(body, Buffer.from(`--${boundary}`))) {
    const end = part.indexOf('\r\n\r\n');
    const head = part.toString('utf8', 0, end);
    const [, name = ''] = /name="([^"]*)"/.exec(head) ?? [];
    const value = part.subarray(end + 4);
    fields[name] = head.includes('filename=') ? value : value.toString('utf8');
  }
  return fields;
}

function partsOf(body: Buffer, mark: Buffer): Buffer[] {
  const parts: Buffer[] = [];
  let start = body.indexOf(mark);
  while (start !== -1) {
    const next = body.indexOf(mark, start + mark.length);
    // Between the marks: a line's end, the part, a line's end.
    if (next !== -1) parts.push(body.subarray(start + mark.length + 2, next - 2));
    start = next;
  }
  return parts;
}
