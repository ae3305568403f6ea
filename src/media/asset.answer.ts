import { StreamableFile } from '@nestjs/common';
import { type FastifyReply } from 'fastify';

import { type BehindTheEnd, type OpenAsset } from './asset.reader.js';

/**
 * Answers with an asset's bytes, or with the part of them that `Range` asked for: 206 for a part, 416 and no body for
 * one behind the end.
 */
export function answerWithBytes(
  opened: OpenAsset | BehindTheEnd,
  reply: FastifyReply,
  disposition: 'inline' | 'attachment',
): StreamableFile | undefined {
  if (!('stream' in opened)) {
    reply.status(416).header('content-range', `bytes */${opened.bytes}`);
    return undefined;
  }
  const { stream, mime, bytes, fileName, part } = opened;
  reply.header('accept-ranges', 'bytes');
  if (part) reply.status(206).header('content-range', `bytes ${part.start}-${part.end}/${bytes}`);
  const length = part ? part.end - part.start + 1 : bytes;
  return new StreamableFile(stream, {
    type: mime,
    length,
    disposition: `${disposition}; filename="${fileName}"`,
  });
}
