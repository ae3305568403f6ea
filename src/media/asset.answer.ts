import { StreamableFile } from '@nestjs/common';
import { type FastifyReply } from 'fastify';

import { CodedError } from '../errors.js';

import { type BehindTheEnd, type OpenAsset } from './asset.reader.js';

/**
 * Answers with an asset's bytes, or with the part of them that `Range` asked for: 206 for a part.
 * @throws CodedError `range_not_satisfiable` for one behind the end; `Content-Range` says how long the file is.
 */
export function answerWithBytes(
  opened: OpenAsset | BehindTheEnd,
  reply: FastifyReply,
  disposition: 'inline' | 'attachment',
): StreamableFile {
  reply.header('accept-ranges', 'bytes');
  if (!('stream' in opened)) {
    reply.header('content-range', `bytes */${opened.bytes}`);
    throw behindTheEnd(opened);
  }
  const { stream, mime, bytes, fileName, part } = opened;
  if (part) reply.status(206).header('content-range', `bytes ${part.start}-${part.end}/${bytes}`);
  const length = part ? part.end - part.start + 1 : bytes;
  return new StreamableFile(stream, {
    type: mime,
    length,
    disposition: `${disposition}; filename="${fileName}"`,
  });
}

function behindTheEnd({ bytes }: BehindTheEnd): CodedError {
  const message = `There is nothing in the part that Range asks for: the file has ${bytes} bytes, the first is 0.`;
  return new CodedError('range_not_satisfiable', message);
}
