/** A member for people, and the questions that its commands have in common. */
import type { Member } from '../../types.ts'
import { pairs } from '../terminal/table.ts'

export const userArgument = ['[user]', 'the id of the user, as the application has it'] as const

/** For `cli.ask.required`, where the argument is missing. */
export const userQuestion = { missing: 'the argument <user>', question: 'User' } as const

export type MemberDocument = Member & { readonly schema: string }

export function renderMember({ schema, userId, role, permissions }: MemberDocument): string {
  return pairs([
    ['tenant', schema],
    ['user', userId],
    ['role', role],
    ['may', permissions.join(', ') || 'nothing that the configuration names'],
  ])
}
