/** From the command line and the questions to a choice. */
import { auths, frameworks, keysOf, orms, type Choice } from './choices.ts'
import { Failure } from './failure.ts'
import type { Flags } from './flags.ts'
import { askOne, askText, canAsk } from './questions.ts'
import { targetOf, targetProblem, type Target } from './target.ts'

/** @throws Failure where an answer is missing and cannot be asked for */
export async function choose(flags: Flags): Promise<{ readonly choice: Choice; readonly target: Target }> {
  const ask = canAsk() && !flags.yes
  if (!ask) assertComplete(flags)
  const target = targetOf(flags.folder ?? (await askText('Name of the project', 'my-app', targetProblem)))
  const framework = flags.framework ?? (ask ? await askOne('Framework', frameworks) : keysOf(frameworks)[0]!)
  const orm = flags.orm ?? (ask ? await askOne('How do you query?', orms) : keysOf(orms)[0]!)
  const auth = flags.auth ?? (ask ? await askOne('Sign-in', auths) : keysOf(auths)[0]!)
  return { choice: { name: target.name, framework, orm, auth }, target }
}

function assertComplete({ folder, framework, orm, auth, yes }: Flags): void {
  const missing = [
    ...(folder === undefined ? ['the folder'] : []),
    ...(yes
      ? []
      : Object.entries({ framework, orm, auth }).flatMap(([name, value]) => (value === undefined ? [`--${name}`] : []))),
  ]
  if (missing.length === 0) return
  const how = yes ? 'Name it' : 'There is no terminal to ask on. Give it, or --yes for the first of each choice'
  throw new Failure(`Missing: ${missing.join(', ')}. ${how}:  npm create partywall@latest my-app -- --yes`, 2)
}
