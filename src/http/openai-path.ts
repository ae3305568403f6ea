/** Whether a path speaks OpenAI's wire format, errors and headers included. */
export function isOpenAiPath(url: string): boolean {
  return url.startsWith('/v1') && (url.length === 3 || url[3] === '/' || url[3] === '?');
}
