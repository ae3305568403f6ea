import { type WireObject } from '../../providers/index.js';

/** What models are told of the tools that the server runs itself. */
export const BUILT_IN = {
  weather: {
    description: 'The weather at a place, now and in the coming days.',
    parameters: {
      type: 'object',
      properties: { location: { type: 'string', description: 'A city, such as Madrid or Paris, France.' } },
      required: ['location'],
    },
  },
  web_search: {
    description: 'Searches the web, for what is new or not known.',
    parameters: {
      type: 'object',
      properties: { query: { type: 'string', description: 'What to search for.' } },
      required: ['query'],
    },
  },
} as const;
export type BuiltInTool = keyof typeof BUILT_IN;

export function isBuiltIn(name: string): name is BuiltInTool {
  return Object.hasOwn(BUILT_IN, name);
}

/** A tool as models are told of it. */
export function toolFunction(tool: BuiltInTool): WireObject {
  return { type: 'function', function: { name: tool, ...BUILT_IN[tool] } };
}
