/** How a ready schema is called until a new tenant gets it. No tenant can be given such a name. */
export const readyPrefix = 'partywall_ready_'

/** @param id a uuid */
export function readySchema(id: string): string {
  return `${readyPrefix}${id.replaceAll('-', '')}`
}
