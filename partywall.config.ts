export { default } from './examples/polls/partywall.config.ts'
