import { type Principal } from '../../identity/index.js';
import { formatUsd } from '../../rate-limiting/index.js';

import { jsonOf } from './message-chat.js';
import { type MessageDto, type MessageUsageDto } from './message.dto.js';
import { type MessageFault } from './message.entity.js';
import { type SeenMessage } from './message.store.js';
import { STATUS_OF } from './message-stage.js';

/** A message as its workspace's members are told of it. What is not paid yet is not told. */
export function messageView(message: SeenMessage, reader: Principal): MessageDto {
  const { id, workspaceId, stage, wish, result } = message;
  const done = stage === 'completed';
  const ended = done || stage === 'failed';
  const shown = wish.responseFormat === 'json' && result !== null ? jsonOf(result) : result;
  return {
    message_id: id,
    workspace_id: workspaceId,
    status: STATUS_OF[stage],
    result: done ? shown : null,
    sequence_index: message.sequenceIndex,
    html_tag: message.htmlTag,
    attempts: message.attempts,
    error: faultFor(reader, message),
    usage: ended ? usageOf(message) : null,
    created_at: message.createdAt,
    completed_at: message.completedAt,
  };
}

/** What limits have left is for whose they are, and for an admin, to know. */
function faultFor(reader: Principal, { caller, error }: SeenMessage): MessageFault | null {
  if (!error) return null;
  if (!error.limits || reader.role === 'admin' || reader.userId === caller.userId) return { ...error };
  return { code: error.code, message: 'Who published this had no room left in a limit.' };
}

function usageOf({ usage, reservationId }: SeenMessage): MessageUsageDto | null {
  if (!usage || reservationId === null) return null;
  const { inputTokens, outputTokens, totalTokens = inputTokens + outputTokens } = usage;
  return {
    usage_id: reservationId,
    provider: usage.provider,
    model: usage.model,
    input_tokens: inputTokens,
    output_tokens: outputTokens,
    total_tokens: totalTokens,
    cost_usd: formatUsd(usage.costNanoUsd),
    estimated: usage.estimated,
  };
}
