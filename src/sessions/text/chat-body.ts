import { type WireObject } from '../../providers/index.js';
import { toolFunction } from '../tools/built-in-tools.js';
import { type GivenTool, type Manner } from '../wire/client-events.js';

/** The body of the chat that a response is. */
export function chatBody(model: string | undefined, messages: WireObject[], manner: Manner): WireObject {
  const { instructions, tools = [], tool_choice: choice, max_output_tokens: max, temperature } = manner;
  const system = instructions ? [{ role: 'system', content: instructions }] : [];
  return {
    ...(model !== undefined && { model }),
    messages: [...system, ...messages],
    stream: true,
    ...(tools.length > 0 && { tools: tools.map(chatTool) }),
    ...(tools.length > 0 && choice !== undefined && { tool_choice: chatChoice(choice) }),
    ...(typeof max === 'number' && { max_completion_tokens: max }),
    ...(temperature !== undefined && { temperature }),
  };
}

function chatTool(tool: GivenTool): WireObject {
  if (tool.type !== 'function') return toolFunction(tool.type);
  const { name, description, parameters } = tool;
  const about = { ...(description !== undefined && { description }), ...(parameters && { parameters }) };
  return { type: 'function', function: { name, ...about } };
}

function chatChoice(choice: NonNullable<Manner['tool_choice']>): unknown {
  return typeof choice === 'string' ? choice : { type: 'function', function: { name: choice.name } };
}
