/** From the prompt in a message to API requests. Pure: no I/O, and no input is changed. */
export { fileReferences } from "./files";
export { points } from "./points";
export { boxes, type PromptBox } from "./boxes";
export { cameraBox, type CameraBox } from "./cameras";
export { buildJobs, MAX_JOBS, type JobPlan, type PlannedJob, type PromptInput } from "./jobs";
export { promptOfPayload, type PayloadPrompt } from "./payload";
export type { Frame, Units } from "./units";
