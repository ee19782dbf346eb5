/** The prompt for a view that a call does not name. */
export const viewQuestion = { missing: 'the argument <name>', question: 'Name of the view' } as const
