/** The prompt for a template that a call does not name. */
export const templateQuestion = { missing: 'the argument <name>', question: 'Name of the template' } as const
