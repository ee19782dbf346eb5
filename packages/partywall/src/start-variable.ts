/** The environment variable that names the tenant of a whole process, by schema, id or domain: `partywall run` sets it for the programs that it starts. */
export const startVariable = 'PARTYWALL_TENANT'
