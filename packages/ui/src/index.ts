/** The components of the console and of the example of a SaaS. */
export { default as UiSpinner } from './components/UiSpinner.vue'
