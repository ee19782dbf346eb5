/** The examples at the end of a command's help: a call, and what it is for. */
export function examples(...all: readonly (readonly [call: string, what: string])[]): string {
  const widest = Math.max(...all.map(([call]) => call.length))
  return ['', 'Examples:', ...all.map(([call, what]) => `  partywall ${call.padEnd(widest)}   ${what}`)].join('\n')
}
