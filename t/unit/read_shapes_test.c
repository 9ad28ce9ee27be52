/*
 * What client libraries send, a row a shape: each field and each member of a
 * union in the request types of the openai (6.49), @anthropic-ai/sdk (1.13) and
 * ollama (0.6) packages.  Bodies are written with ' in place of ", so none of
 * their texts has either.
 *
 * Every string of a body must be a span whatever its shape: looked at for each
 * row by a scan that knows nothing of JSON but its quotes.
 */

#include "read_helpers.h"


#define CHAT       "/v1/chat/completions"
#define COMPLETE   "/v1/completions"
#define EMBED      "/v1/embeddings"
#define RESPONSES  "/v1/responses"
#define MESSAGES   "/v1/messages"
#define COUNT      "/v1/messages/count_tokens"
#define O_CHAT     "/api/chat"
#define O_GENERATE "/api/generate"
#define O_EMBED    "/api/embed"
#define O_OLD      "/api/embeddings"

#define MEDIA      IG_UNINSPECTABLE_MEDIA
#define REFERENCE  IG_UNINSPECTABLE_REFERENCE
#define REMOTE     IG_UNINSPECTABLE_REMOTE
#define TOKENS     IG_UNINSPECTABLE_TOKENS
#define ENCRYPTED  IG_UNINSPECTABLE_ENCRYPTED
#define UNKNOWN    IG_UNINSPECTABLE_UNKNOWN

#define OK         IG_REASON_NONE
#define WRONG      IG_REASON_wrong_type
#define MISSING    IG_REASON_missing_field
#define AMBIGUOUS  IG_REASON_ambiguous_key
#define DUPLICATE  IG_REASON_duplicate_key

/* a body around: fields beside a message, one message, parts, items, tools */
#define WITH(f)    "{'model':'m','messages':[{'role':'user','content':"       \
                   "'hi'}]," f "}"
#define ONE(m)     "{'model':'m','messages':[{" m "}]}"
#define PARTS(p)   ONE("'role':'user','content':[" p "]")
#define ITEMS(i)   "{'model':'m','input':[" i "]}"
#define ASK(f)     "{'model':'m','input':'hi'," f "}"
#define TOOL(t)    ASK("'tools':[{" t "}]")
#define USES(t)    WITH("'tools':[{" t "}]")
#define ODD        "'type':'object','properties':{'file_id':{'type':"         \
                   "'string'},'images':{'type':'array'},'url':{'type':"       \
                   "'image'},'source':{'type':'base64'},'Model':{},"          \
                   "'encrypted_content':{'const':'https://x.example'}}"

typedef struct {
    const char   *path;
    ig_reason_t   reason;
    unsigned      uninspectable;
    const char   *text;
    const char   *tools;
    const char   *body;
} shape_t;


static const shape_t  chat[] = {

    /* fields that are only carried along */

    { CHAT, OK, 0, "hi|", "", WITH("'audio':{'format':'mp3','voice':"
      "'alloy'}") },
    { CHAT, OK, 0, "hi|", "", WITH("'audio':{'format':'wav','voice':"
      "{'id':'voice_1'}},'modalities':['text','audio']") },
    { CHAT, OK, 0, "hi|", "", WITH("'audio':null,'modalities':null,'stop':null,"
      "'logit_bias':null,'metadata':null,'n':null,'seed':null,'store':null,"
      "'stream':null,'stream_options':null,'prediction':null,'top_p':null,"
      "'temperature':null,'service_tier':null,'verbosity':null,"
      "'reasoning_effort':null,'prompt_cache_key':null,'max_tokens':null") },
    { CHAT, OK, 0, "hi|", "", WITH("'store':true,'seed':7,'n':3,'user':'u-77',"
      "'safety_identifier':'sid-1','prompt_cache_key':'pck-1','service_tier':"
      "'flex','verbosity':'low','prompt_cache_retention':'24h',"
      "'prompt_cache_options':{'mode':'explicit','ttl':'30m'}") },
    { CHAT, OK, 0, "hi|", "", WITH("'logit_bias':{'50256':-100,'15':3.5},"
      "'logprobs':true,'top_logprobs':5,'max_completion_tokens':100,"
      "'presence_penalty':0.5,'frequency_penalty':-0.5") },
    { CHAT, OK, 0, "hi|", "", WITH("'stop':'halt'") },
    { CHAT, OK, 0, "hi|", "", WITH("'stop':['halt','done']") },
    { CHAT, OK, 0, "hi|", "", WITH("'stream':true,'stream_options':"
      "{'include_usage':true,'include_obfuscation':false}") },
    { CHAT, OK, 0, "hi|", "", WITH("'web_search_options':{"
      "'search_context_size':'low','user_location':{'type':'approximate',"
      "'approximate':{'city':'Riyadh','country':'SA'}}}") },
    { CHAT, OK, 0, "hi|", "", WITH("'metadata':{'file_id':'none','url':"
      "'https://x.example','images':'none','type':'image_url'}") },
    { CHAT, OK, 0, "hi|", "", WITH("'moderation':{'model':'omni','policy':"
      "{'input':{'mode':'block'},'output':null}}") },
    { CHAT, OK, 0, "hi|", "", WITH("'reasoning_effort':'high',"
      "'parallel_tool_calls':false") },

    /* schemas hold any name */

    { CHAT, OK, 0, "hi|", "", WITH("'response_format':{'type':'text'}") },
    { CHAT, OK, 0, "hi|", "", WITH("'response_format':{'type':"
      "'json_object'}") },
    { CHAT, OK, 0, "hi|", "", WITH("'response_format':{'type':'json_schema',"
      "'json_schema':{'name':'out','strict':null,'schema':{" ODD "}}}") },
    { CHAT, OK, 0, "hi|", "look|", USES("'type':'function','function':{'name':"
      "'look','description':'words','strict':null,'parameters':{" ODD "}}") },
    { CHAT, OK, 0, "hi|", "pat|", USES("'type':'custom','custom':{'name':'pat',"
      "'description':'words','format':{'type':'grammar','grammar':{"
      "'definition':'start: word','syntax':'lark'}}}") },
    { CHAT, OK, 0, "hi|", "pat|", USES("'type':'custom','custom':{'name':'pat',"
      "'format':{'type':'text'}}") },
    { CHAT, OK, 0, "hi|", "", WITH("'tools':[],'tool_choice':'none'") },
    { CHAT, OK, 0, "hi|", "", WITH("'tools':null,'tool_choice':null") },
    { CHAT, OK, 0, "hi|", "f|", WITH("'tool_choice':{'type':'function',"
      "'function':{'name':'f'}}") },
    { CHAT, OK, 0, "hi|", "c|", WITH("'tool_choice':{'type':'custom','custom':"
      "{'name':'c'}}") },
    { CHAT, OK, 0, "hi|", "f|c|", WITH("'tool_choice':{'type':'allowed_tools',"
      "'allowed_tools':{'mode':'required','tools':[{'type':'function',"
      "'function':{'name':'f'}},{'type':'custom','custom':{'name':'c'}}]}}") },
    { CHAT, OK, 0, "hi|", "old|", WITH("'functions':[{'name':'old',"
      "'description':'words','parameters':{" ODD "}}],'function_call':"
      "'auto'") },
    { CHAT, OK, 0, "hi|", "old|", WITH("'function_call':{'name':'old'}") },
    { CHAT, OK, UNKNOWN, "hi|", "", USES("'type':'teleport'") },

    /* messages */

    { CHAT, OK, 0, "dev|", "", ONE("'role':'developer','content':'dev',"
      "'name':'boss'") },
    { CHAT, OK, 0, "sys|", "", ONE("'role':'system','content':[{'type':'text',"
      "'text':'sys','prompt_cache_breakpoint':{'mode':'explicit'}}]") },
    { CHAT, OK, 0, "res|", "", ONE("'role':'tool','tool_call_id':'call_1',"
      "'content':[{'type':'text','text':'res'}]") },
    { CHAT, OK, 0, "", "", ONE("'role':'function','name':'old',"
      "'content':null") },
    { CHAT, OK, 0, "said|", "", ONE("'role':'assistant','content':'said',"
      "'audio':null,'function_call':null,'refusal':null,'tool_calls':null,"
      "'annotations':[]") },
    { CHAT, OK, 0, "no way|", "", ONE("'role':'assistant','content':null,"
      "'refusal':'no way'") },
    { CHAT, OK, 0, "a|b|", "", ONE("'role':'assistant','content':[{'type':"
      "'text','text':'a'},{'type':'refusal','refusal':'b'}]") },
    { CHAT, OK, 0, "{}|raw|", "f|c|", ONE("'role':'assistant','tool_calls':[{"
      "'id':'call_1','type':'function','function':{'name':'f','arguments':"
      "'{}'}},{'id':'call_2','type':'custom','custom':{'name':'c','input':"
      "'raw'}}]") },
    { CHAT, OK, 0, "{}|", "old|", ONE("'role':'assistant','function_call':"
      "{'name':'old','arguments':'{}'}") },
    { CHAT, OK, REFERENCE, "", "", ONE("'role':'assistant','audio':"
      "{'id':'audio_1'}") },
    { CHAT, OK, REFERENCE | MEDIA, "spoken|", "", ONE("'role':'assistant',"
      "'audio':{'id':'audio_1','data':'UklGRg','expires_at':1,'transcript':"
      "'spoken'}") },
    { CHAT, OK, 0, "hi|same|", "", WITH("'prediction':{'type':'content',"
      "'content':'same'}") },
    { CHAT, OK, 0, "hi|same|", "", WITH("'prediction':{'type':'content',"
      "'content':[{'type':'text','text':'same'}]}") },

    { CHAT, OK, MEDIA, "see|", "", PARTS("{'type':'text','text':'see'},"
      "{'type':'image_url','image_url':{'url':'data:image/png;base64,iVBO',"
      "'detail':'low'}}") },
    { CHAT, OK, MEDIA | REMOTE, "", "", PARTS("{'type':'image_url','image_url':"
      "{'url':'https://x.example/a.png'}}") },
    { CHAT, OK, MEDIA, "", "", PARTS("{'type':'input_audio','input_audio':"
      "{'data':'UklGRg','format':'wav'}}") },
    { CHAT, OK, MEDIA, "", "", PARTS("{'type':'file','file':{'file_data':"
      "'JVBERi0','filename':'a.pdf'}}") },
    { CHAT, OK, MEDIA | REFERENCE, "", "", PARTS("{'type':'file','file':"
      "{'file_id':'file-1'}}") },
    { CHAT, OK, UNKNOWN, "", "", PARTS("{'type':'scent','scent':'rose'}") },

    { CHAT, MISSING, 0, NULL, NULL, "{'model':'m'}" },
    { CHAT, WRONG, 0, NULL, NULL, ONE("'role':'user','content':7") },
    { CHAT, AMBIGUOUS, 0, NULL, NULL, ONE("'role':'user','Content':'x'") },
};


static const shape_t  plain[] = {

    { COMPLETE, OK, 0, "p|", "", "{'model':'m','prompt':'p','best_of':2,'echo':"
      "false,'logprobs':3,'stop':null,'suffix':null,'user':'u-77'}" },
    { COMPLETE, OK, 0, "p|q|end|", "", "{'model':'m','prompt':['p','q'],"
      "'suffix':'end','stream':true,'stream_options':null}" },
    { COMPLETE, OK, 0, "", "", "{'model':'m','prompt':null}" },
    { COMPLETE, OK, TOKENS, "", "", "{'model':'m','prompt':[31373,11]}" },
    { COMPLETE, OK, TOKENS, "", "", "{'model':'m','prompt':[[31373],[11]]}" },
    { EMBED, OK, 0, "e|", "", "{'model':'m','input':'e','dimensions':256,"
      "'encoding_format':'base64','user':'u-77'}" },
    { EMBED, OK, 0, "e|f|", "", "{'model':'m','input':['e','f']}" },
    { EMBED, OK, TOKENS, "", "", "{'model':'m','input':[31373,11]}" },
    { EMBED, OK, TOKENS, "", "", "{'model':'m','input':[[31373],[11]]}" },
    { EMBED, MISSING, 0, NULL, NULL, "{'model':'m','user':'u-77'}" },
};


static const shape_t  responses[] = {

    { RESPONSES, OK, 0, "hi|", "", ASK("'background':null,'context_management':"
      "null,'conversation':null,'include':null,'instructions':null,"
      "'max_output_tokens':null,'metadata':null,'parallel_tool_calls':null,"
      "'previous_response_id':null,'prompt':null,'reasoning':null,'store':null,"
      "'stream':null,'stream_options':null,'temperature':null,'truncation':"
      "null,'safety_identifier':null,'service_tier':null,'top_p':null,"
      "'tools':null,'tool_choice':null,'moderation':null") },
    { RESPONSES, OK, 0, "hi|be kind|", "", ASK("'instructions':'be kind',"
      "'include':['reasoning.encrypted_content',"
      "'message.input_image.image_url'],'truncation':'auto','store':false,"
      "'reasoning':{'effort':'low','summary':'auto'},'max_tool_calls':3,"
      "'context_management':[{'type':'compaction','compact_threshold':1000}],"
      "'stream_options':{'include_obfuscation':false},'user':'u-77'") },
    { RESPONSES, OK, 0, "hi|", "", ASK("'text':{'format':{'type':'json_schema',"
      "'name':'out','schema':{" ODD "},'strict':null},'verbosity':'low'}") },
    { RESPONSES, OK, 0, "hi|", "", ASK("'metadata':{'prompt':'none',"
      "'conversation':'none','previous_response_id':'none'}") },
    { RESPONSES, OK, REFERENCE, "hi|", "", ASK("'previous_response_id':"
      "'resp_1'") },
    { RESPONSES, OK, REFERENCE, "hi|", "", ASK("'conversation':'conv_1'") },
    { RESPONSES, OK, REFERENCE, "hi|", "", ASK("'conversation':{'id':"
      "'conv_1'}") },
    { RESPONSES, OK, REFERENCE, "", "", "{'model':'m','prompt':{'id':'pmpt_1',"
      "'version':'2','variables':null}}" },
    { RESPONSES, OK, REFERENCE, "hi|Ann|Bob|", "", ASK("'prompt':{'id':"
      "'pmpt_1',"
      "'variables':{'name':'Ann','type':{'type':'input_text','text':"
      "'Bob'}}}") },
    { RESPONSES, OK, REFERENCE | MEDIA | REMOTE, "hi|", "", ASK("'prompt':{"
      "'id':"
      "'pmpt_1','variables':{'pic':{'type':'input_image','image_url':"
      "'https://x.example/a.png'}}}") },

    /* messages, and what they hold */

    { RESPONSES, OK, 0, "a|", "", ITEMS("{'role':'user','content':'a'}") },
    { RESPONSES, OK, 0, "a|b|", "", ITEMS("{'type':'message','role':'system',"
      "'status':'completed','content':[{'type':'input_text','text':'a',"
      "'prompt_cache_breakpoint':{'mode':'explicit'}}]},{'role':'assistant',"
      "'content':'b','phase':null}") },
    { RESPONSES, OK, 0, "a|b|", "", ITEMS("{'id':'msg_1','type':'message',"
      "'role':"
      "'assistant','status':'completed','phase':'final_answer','content':[{"
      "'type':'output_text','text':'a','annotations':[{'type':'file_citation',"
      "'file_id':'file-1','filename':'a.txt','index':0},{'type':"
      "'url_citation','url':'https://x.example','title':'none'},{'type':"
      "'container_file_citation','container_id':'cntr_1','file_id':'cfile_1'},"
      "{'type':'file_path','file_id':'file-1'}],'logprobs':[{'token':'word',"
      "'bytes':[119],'logprob':-1}]},{'type':'refusal','refusal':'b'}]}") },
    { RESPONSES, OK, MEDIA, "", "", ITEMS("{'role':'user','content':[{'type':"
      "'input_image','detail':'auto','file_id':null,'image_url':"
      "'data:image/png;base64,iVBO'}]}") },
    { RESPONSES, OK, MEDIA | REMOTE, "", "", ITEMS("{'role':'user','content':[{"
      "'type':'input_image','detail':'low','image_url':'http:"
      "//x.example'}]}") },
    { RESPONSES, OK, MEDIA | REFERENCE, "", "", ITEMS("{'role':'user',"
      "'content':"
      "[{'type':'input_image','detail':'low','file_id':'file-1'}]}") },
    { RESPONSES, OK, MEDIA, "", "", ITEMS("{'role':'user','content':[{'type':"
      "'input_file','file_data':'JVBERi0','filename':'a.pdf','file_id':null,"
      "'file_url':null}]}") },
    { RESPONSES, OK, MEDIA | REMOTE, "", "", ITEMS("{'role':'user','content':[{"
      "'type':'input_file','file_url':'https://x.example/a.pdf'}]}") },
    { RESPONSES, OK, MEDIA | REFERENCE, "", "", ITEMS("{'role':'user',"
      "'content':"
      "[{'type':'input_file','file_id':'file-1'}]}") },
    { RESPONSES, OK, MEDIA, "", "", ITEMS("{'role':'user','content':[{'type':"
      "'input_audio','input_audio':{'data':'UklGRg','format':'mp3'}}]}") },
    { RESPONSES, OK, MEDIA, "UklGRg|", "", ITEMS("{'type':"
      "'image_generation_call','id':'ig_1','status':'completed','result':"
      "'UklGRg'}") },
    { RESPONSES, OK, MEDIA, "spoken|", "", ITEMS("{'role':'assistant',"
      "'content':[{'type':'output_audio','data':'UklGRg','transcript':"
      "'spoken'}]}") },

    /* items */

    { RESPONSES, OK, 0, "s|r|", "", ITEMS("{'type':'reasoning','id':'rs_1',"
      "'summary':[{'type':'summary_text','text':'s'}],'content':[{'type':"
      "'reasoning_text','text':'r'}],'encrypted_content':null,'status':"
      "null}") },
    { RESPONSES, OK, ENCRYPTED, "", "", ITEMS("{'type':'reasoning','id':'rs_1',"
      "'summary':[],'encrypted_content':'gAAAAB'}") },
    { RESPONSES, OK, ENCRYPTED, "", "", ITEMS("{'type':'compaction','id':null,"
      "'encrypted_content':'gAAAAB'}") },
    { RESPONSES, OK, 0, "a|", "", ITEMS("{'role':'user','content':'a'},{'type':"
      "'compaction_trigger'}") },
    { RESPONSES, OK, REFERENCE, "", "", ITEMS("{'id':'msg_1','type':null}") },
    { RESPONSES, OK, REFERENCE, "", "", ITEMS("{'id':'msg_1','type':"
      "'item_reference'}") },
    { RESPONSES, OK, 0, "{}|", "f|", ITEMS("{'type':'function_call','call_id':"
      "'call_1','name':'f','arguments':'{}','namespace':'crm','caller':{'type':"
      "'program','caller_id':'prog_1'}}") },
    { RESPONSES, OK, 0, "out|", "", ITEMS("{'type':'function_call_output','id':"
      "null,'call_id':'call_1','output':'out','caller':null,'status':null}") },
    { RESPONSES, OK, MEDIA | REFERENCE, "out|", "", ITEMS("{'type':"
      "'function_call_output','call_id':'call_1','output':[{'type':"
      "'input_text','text':'out'},{'type':'input_image','detail':null,"
      "'file_id':"
      "'file-1','image_url':null},{'type':'input_file','file_data':'JVBERi0',"
      "'filename':null}]}") },
    { RESPONSES, OK, 0, "in|out|", "c|", ITEMS("{'type':'custom_tool_call',"
      "'call_id':'call_1','name':'c','input':'in'},{'type':"
      "'custom_tool_call_output','call_id':'call_1','output':[{'type':"
      "'input_text','text':'out'}]}") },
    { RESPONSES, OK, REFERENCE, "q|t|", "", ITEMS("{'type':'file_search_call',"
      "'id':'fs_1','status':'completed','queries':['q'],'results':[{'text':'t',"
      "'score':0.5}]}") },
    { RESPONSES, OK, 0, "search|q|", "", ITEMS("{'type':'web_search_call','id':"
      "'ws_1','status':'completed','action':{'type':'search','query':'q'}}") },
    { RESPONSES, OK, 0, "find_in_page|p|https://x.example|", "", ITEMS("{"
      "'type':'web_search_call','id':'ws_1','status':'completed','action':{"
      "'type':'find_in_page','pattern':'p','url':'https://x.example'}}") },
    { RESPONSES, OK, 0, "type|typed|", "", ITEMS("{'type':'computer_call','id':"
      "'cu_1','call_id':'call_1','status':'completed','action':{'type':'type',"
      "'text':'typed'},'pending_safety_checks':[{'id':'sc_1','code':null,"
      "'message':null}]}") },
    { RESPONSES, OK, 0, "type|typed|wait|", "", ITEMS("{'type':'computer_call',"
      "'id':'cu_1','call_id':'call_1','status':'completed','actions':[{'type':"
      "'type','text':'typed'},{'type':'wait'}],'pending_safety_checks':[]}") },
    { RESPONSES, OK, MEDIA | REFERENCE, "", "", ITEMS("{'type':"
      "'computer_call_output','call_id':'call_1','id':null,"
      "'acknowledged_safety_checks':null,'output':{'type':"
      "'computer_screenshot','file_id':'file-1'}}") },
    { RESPONSES, OK, REFERENCE | MEDIA, "1+1|two|", "", ITEMS("{'type':"
      "'code_interpreter_call','id':'ci_1','status':'completed','code':'1+1',"
      "'container_id':'cntr_1','outputs':[{'type':'logs','logs':'two'},{'type':"
      "'image','url':'https://x.example'}]}") },
    { RESPONSES, OK, 0, "ls|PATH|exec|", "", ITEMS("{'type':'local_shell_call',"
      "'id':'ls_1','call_id':'call_1','status':'completed','action':{'command':"
      "['ls'],'env':{'HOME':'PATH'},'type':'exec','timeout_ms':null,'user':"
      "null,'working_directory':null}}") },
    { RESPONSES, OK, 0, "out|", "", ITEMS("{'type':'local_shell_call_output',"
      "'id':'ls_1','output':'out','status':null}") },
    { RESPONSES, OK, 0, "ls|", "", ITEMS("{'type':'shell_call','call_id':"
      "'call_1','action':{'commands':['ls'],'timeout_ms':null},'environment':"
      "{'type':'local','skills':[{'name':'skill','description':'words','path':"
      "'/skills'}]}}") },
    { RESPONSES, OK, REFERENCE, "ls|", "", ITEMS("{'type':'shell_call',"
      "'call_id':'call_1','action':{'commands':['ls']},'environment':{'type':"
      "'container_reference','container_id':'cntr_1'}}") },
    { RESPONSES, OK, 0, "out|err|", "", ITEMS("{'type':'shell_call_output',"
      "'call_id':'call_1','max_output_length':null,'output':[{'stdout':'out',"
      "'stderr':'err','outcome':{'type':'timeout'}}]}") },
    { RESPONSES, OK, 0, "update_file|a.txt|+x|", "", ITEMS("{'type':"
      "'apply_patch_call','call_id':'call_1','status':'completed','operation':"
      "{'type':'update_file','path':'a.txt','diff':'+x'}}") },
    { RESPONSES, OK, 0, "done|", "", ITEMS("{'type':'apply_patch_call_output',"
      "'call_id':'call_1','status':'failed','output':'done'},{'type':"
      "'apply_patch_call_output','call_id':'call_2','status':'completed',"
      "'output':null}") },
    { RESPONSES, OK, 0, "goal|", "f|", ITEMS("{'type':'tool_search_call',"
      "'call_id':null,'arguments':{'goal':'goal'}},{'type':"
      "'tool_search_output','call_id':null,'tools':[{'type':'function','name':"
      "'f','parameters':{" ODD "},'strict':null}]}") },
    { RESPONSES, OK, 0, "", "f|", ITEMS("{'type':'additional_tools','role':"
      "'developer','id':null,'tools':[{'type':'function','name':'f',"
      "'parameters':null,'strict':null}]}") },
    { RESPONSES, OK, REMOTE, "", "", ITEMS("{'type':'additional_tools','role':"
      "'developer','tools':[{'type':'mcp','server_label':'crm','server_url':"
      "'https://x.example'}]}") },
    { RESPONSES, OK, 0, "go()|out|", "", ITEMS("{'type':'program','id':'pr_1',"
      "'call_id':'call_1','code':'go()','fingerprint':'print'},{'type':"
      "'program_output','id':'po_1','call_id':'call_1','status':'completed',"
      "'result':'out'}") },
    { RESPONSES, OK, 0, "", "mt|", ITEMS("{'type':'mcp_list_tools','id':'ml_1',"
      "'server_label':'crm','error':null,'tools':[{'name':'mt','description':"
      "null,'annotations':null,'input_schema':{" ODD "}}]}") },
    { RESPONSES, OK, 0, "{}|fell|", "mt|", ITEMS("{'type':'mcp_call','id':"
      "'mc_1','server_label':'crm','name':'mt','arguments':'{}','output':null,"
      "'error':'fell','approval_request_id':null}") },
    { RESPONSES, OK, 0, "{}|too risky|", "mt|", ITEMS("{'type':"
      "'mcp_approval_request','id':'mr_1','server_label':'crm','name':'mt',"
      "'arguments':'{}'},{'type':'mcp_approval_response','id':null,"
      "'approval_request_id':'mr_1','approve':false,'reason':'too risky'}") },
    { RESPONSES, OK, UNKNOWN, "", "", ITEMS("{'type':'telepathy','id':"
      "'te_1'}") },

    /* tools */

    { RESPONSES, OK, 0, "hi|", "f|", TOOL("'type':'function','name':'f',"
      "'description':null,'strict':null,'parameters':{" ODD "},"
      "'output_schema':{" ODD "},'allowed_callers':null") },
    { RESPONSES, OK, 0, "hi|", "c|", TOOL("'type':'custom','name':'c','format':"
      "{'type':'grammar','definition':'start','syntax':'regex'}") },
    { RESPONSES, OK, 0, "hi|", "crm|f|c|", TOOL("'type':'namespace','name':"
      "'crm','description':'words','tools':[{'type':'function','name':'f',"
      "'parameters':null},{'type':'custom','name':'c'}]") },
    { RESPONSES, OK, 0, "hi|", "", TOOL("'type':'web_search','filters':{"
      "'allowed_domains':null},'user_location':{'type':'approximate','city':"
      "'Riyadh'}") },
    { RESPONSES, OK, 0, "hi|", "", TOOL("'type':'web_search_2025_08_26',"
      "'filters':null") },
    { RESPONSES, OK, 0, "hi|", "", TOOL("'type':"
      "'web_search_preview_2025_03_11','search_content_types':['image']") },
    { RESPONSES, OK, 0, "hi|", "", TOOL("'type':'computer_use_preview',"
      "'environment':'linux','display_width':800,'display_height':600") },
    { RESPONSES, OK, 0, "hi|", "", TOOL("'type':'computer'},{'type':"
      "'local_shell'},{'type':'apply_patch','allowed_callers':null},{'type':"
      "'programmatic_tool_calling'},{'type':'tool_search','parameters':{" ODD
      "}") },
    { RESPONSES, OK, 0, "hi|", "", TOOL("'type':'shell','environment':null") },
    { RESPONSES, OK, 0, "hi|", "", TOOL("'type':'shell','environment':{'type':"
      "'local','skills':[{'name':'skill','description':'words','path':"
      "'/skills'}]}") },
    { RESPONSES, OK, 0, "hi|", "", TOOL("'type':'shell','environment':{'type':"
      "'container_auto','file_ids':[],'memory_limit':null,'network_policy':"
      "{'type':'allowlist','allowed_domains':['x.example'],'domain_secrets':[{"
      "'domain':'x.example','name':'token','value':'secret'}]}}") },
    { RESPONSES, OK, REFERENCE, "hi|", "", TOOL("'type':'shell','environment':"
      "{'type':'container_auto','file_ids':['file-1']}") },
    { RESPONSES, OK, REFERENCE, "hi|", "", TOOL("'type':'shell','environment':"
      "{'type':'container_auto','skills':[{'type':'skill_reference','skill_id':"
      "'skill_1'}]}") },
    { RESPONSES, OK, MEDIA, "hi|UEsDBA|", "", TOOL("'type':'shell',"
      "'environment':{'type':'container_auto','skills':[{'type':'inline',"
      "'name':"
      "'skill','description':'words','source':{'type':'base64','media_type':"
      "'application/zip','data':'UEsDBA'}}]}") },
    { RESPONSES, OK, REFERENCE, "hi|", "", TOOL("'type':'shell','environment':"
      "{'type':'container_reference','container_id':'cntr_1'}") },
    { RESPONSES, OK, 0, "hi|", "", TOOL("'type':'code_interpreter','container':"
      "{'type':'auto','memory_limit':'4g'}") },
    { RESPONSES, OK, REFERENCE, "hi|", "", TOOL("'type':'code_interpreter',"
      "'container':{'type':'auto','file_ids':['file-1']}") },
    { RESPONSES, OK, REFERENCE, "hi|", "", TOOL("'type':'code_interpreter',"
      "'container':'cntr_1'") },
    { RESPONSES, OK, REFERENCE, "hi|", "", TOOL("'type':'file_search',"
      "'vector_store_ids':['vs_1'],'filters':{'type':'eq','key':'file_id',"
      "'value':'words'}") },
    { RESPONSES, OK, REMOTE, "hi|", "", TOOL("'type':'mcp','server_label':"
      "'crm','connector_id':'connector_gmail','authorization':'token',"
      "'allowed_tools':{'tool_names':['mail']},'require_approval':'never',"
      "'headers':null") },
    { RESPONSES, OK, REMOTE, "hi|", "", TOOL("'type':'mcp','server_label':"
      "'crm','tunnel_id':'tunnel_1','allowed_tools':null") },
    { RESPONSES, OK, 0, "hi|", "", TOOL("'type':'image_generation','action':"
      "'generate','model':'gpt-image-1','size':'auto','input_fidelity':null") },
    { RESPONSES, OK, MEDIA | REFERENCE, "hi|", "", TOOL("'type':"
      "'image_generation','input_image_mask':{'file_id':'file-1'}") },
    { RESPONSES, OK, UNKNOWN, "hi|", "", TOOL("'type':'teleport'") },

    { RESPONSES, OK, 0, "hi|", "f|", ASK("'tool_choice':{'type':'function',"
      "'name':'f'}") },
    { RESPONSES, OK, 0, "hi|", "", ASK("'tool_choice':{'type':'mcp',"
      "'server_label':'crm','name':null}") },
    { RESPONSES, OK, 0, "hi|", "", ASK("'tool_choice':{'type':"
      "'computer_use'}") },
    { RESPONSES, OK, 0, "hi|", "f|", ASK("'tool_choice':{'type':"
      "'allowed_tools','mode':'auto','tools':[{'type':'function','name':'f'},"
      "{'type':'image_generation'}]}") },
};


static const shape_t  messages[] = {

    { MESSAGES, OK, 0, "hi|", "", WITH("'max_tokens':9,'system':[],"
      "'metadata':{'user_id':null},'stop_sequences':['halt'],'stream':false,"
      "'service_tier':'auto','inference_geo':null,'container':null,"
      "'context_management':null,'output_format':null,'thread':null,"
      "'cache_control':{'type':'ephemeral','ttl':'1h'},'mcp_servers':[],"
      "'speed':null,'fallbacks':null,'diagnostics':null,'compaction':null") },
    { MESSAGES, OK, 0, "hi|", "", WITH("'thinking':{'type':'enabled',"
      "'budget_tokens':2048,'display':null}") },
    { MESSAGES, OK, 0, "hi|", "", WITH("'thinking':{'type':'adaptive'},"
      "'output_config':{'effort':'low','format':{'type':'json_schema','schema':"
      "{" ODD "}},'task_budget':null}") },
    { MESSAGES, OK, 0, "hi|", "", WITH("'output_format':{'type':'json_schema',"
      "'schema':{" ODD "}}") },
    { MESSAGES, OK, 0, "hi|", "", WITH("'context_management':{'edits':[{'type':"
      "'clear_tool_uses_20250919','keep':{'type':'tool_uses','value':3},"
      "'exclude_tools':['memory']},{'type':'clear_thinking_20251015','keep':"
      "'all'},{'type':'compact_20260112','instructions':'words','trigger':"
      "null}]}") },
    { MESSAGES, OK, 0, "hi|s|", "", WITH("'system':[{'type':'text','text':'s',"
      "'citations':null,'cache_control':null}]") },
    { MESSAGES, OK, 0, "hi|", "", WITH("'thread':{'type':'create'}") },
    { MESSAGES, OK, REFERENCE, "hi|", "", WITH("'thread':{'type':'continue',"
      "'previous_message_id':'msg_1'}") },
    { MESSAGES, OK, REMOTE, "hi|", "", WITH("'mcp_servers':[{'type':'url',"
      "'url':"
      "'https://x.example','name':'crm','authorization_token':null,"
      "'tool_configuration':null}]") },
    { MESSAGES, OK, REFERENCE, "hi|", "", WITH("'container':'container_1'") },
    { MESSAGES, OK, 0, "hi|", "", WITH("'container':{'id':null,"
      "'skills':null}") },
    { MESSAGES, OK, REFERENCE, "hi|", "", WITH("'container':{'skills':[{'type':"
      "'custom','skill_id':'skill_1','version':'latest'}]}") },
    { MESSAGES, OK, 0, "s|", "", ONE("'role':'system','clear_at':null,"
      "'output_config':null,'content':[{'type':'text','text':'s'}]") },

    /* tools */

    { MESSAGES, OK, 0, "hi|", "f|", USES("'name':'f','type':null,'description':"
      "'words','cache_control':null,'strict':true,'input_schema':{" ODD "},"
      "'input_examples':[{'file_id':'none','type':'image'}]") },
    { MESSAGES, OK, 0, "hi|", "bash|str_replace_editor|computer|memory|", USES(
      "'type':'bash_20241022','name':'bash'},{'type':'text_editor_20250124',"
      "'name':'str_replace_editor'},{'type':'computer_20251124','name':"
      "'computer','display_width_px':800,'display_height_px':600,"
      "'display_number':null},{'type':'memory_20250818','name':'memory'") },
    { MESSAGES, OK, 0, "hi|", "web_search|web_fetch|code_execution|", USES(
      "'type':'web_search_20260209','name':'web_search','user_location':null,"
      "'allowed_domains':['x.example']},{'type':'web_fetch_20260318','name':"
      "'web_fetch','url_sources':{'user_input':{'type':'all'}}},{'type':"
      "'code_execution_20260521','name':'code_execution'") },
    { MESSAGES, OK, 0, "hi|", "tool_search_tool_regex|tool_search_tool_bm25|",
      USES("'type':'tool_search_tool_regex','name':'tool_search_tool_regex'},"
      "{'type':'tool_search_tool_bm25_20251119','name':"
      "'tool_search_tool_bm25'") },
    { MESSAGES, OK, 0, "hi|", "mt|", USES("'type':'mcp_toolset',"
      "'mcp_server_name':'crm','configs':{'mt':{'enabled':true}},'tools':[{"
      "'name':'mt','description':null,'input_schema':{" ODD "}}]") },
    { MESSAGES, OK, 0, "hi|", "", USES("'type':'computer_toolset_20260801',"
      "'configs':{'type':null}},{'type':'browser_toolset_20260801',"
      "'configs':null") },

    /* names a second model, which no rule has looked at */
    { MESSAGES, OK, UNKNOWN, "hi|", "advisor|", USES("'type':"
      "'advisor_20260301','name':'advisor','model':'other'") },

    { MESSAGES, OK, 0, "hi|", "f|", WITH("'tool_choice':{'type':'tool','name':"
      "'f','disable_parallel_tool_use':true}") },
    { MESSAGES, OK, 0, "hi|", "", WITH("'tool_choice':{'type':'any'}") },

    /* content blocks */

    { MESSAGES, OK, 0, "a|", "", PARTS("{'type':'text','text':'a','citations':"
      "[{'type':'page_location','cited_text':'words','document_title':null},"
      "{'type':'search_result_location','source':'https://x.example','title':"
      "null,'cited_text':'words'}]}") },
    { MESSAGES, OK, ENCRYPTED, "a|", "", PARTS("{'type':'text','text':'a',"
      "'citations':[{'type':'web_search_result_location','cited_text':'words',"
      "'encrypted_index':'Eo8BCi','title':null,'url':'https://x.example'}]}") },
    { MESSAGES, OK, 0, "th|", "", PARTS("{'type':'thinking','thinking':'th',"
      "'signature':'EqQBCg'}") },
    { MESSAGES, OK, ENCRYPTED, "", "", PARTS("{'type':'redacted_thinking',"
      "'data':'EmwKAh'}") },
    { MESSAGES, OK, MEDIA, "iVBO|", "", PARTS("{'type':'image','source':{"
      "'type':"
      "'base64','media_type':'image/png','data':'iVBO'},'transformations':"
      "null}") },
    { MESSAGES, OK, MEDIA | REMOTE, "", "", PARTS("{'type':'image','source':"
      "{'type':'url','url':'https://x.example/a.png'}}") },
    { MESSAGES, OK, MEDIA | REFERENCE, "", "", PARTS("{'type':'image','source':"
      "{'type':'file','file_id':'file_1'}}") },
    { MESSAGES, OK, 0, "doc|", "", PARTS("{'type':'document','title':null,"
      "'context':null,'citations':null,'source':{'type':'text','media_type':"
      "'text/plain','data':'doc'}}") },
    { MESSAGES, OK, 0, "doc|ti|co|", "", PARTS("{'type':'document','source':{"
      "'type':'content','content':'doc'},'title':'ti','context':'co',"
      "'citations':{'enabled':true}}") },
    { MESSAGES, OK, MEDIA, "doc|iVBO|", "", PARTS("{'type':'document','source':"
      "{'type':'content','content':[{'type':'text','text':'doc'},{'type':"
      "'image','source':{'type':'base64','data':'iVBO'}}]}}") },
    { MESSAGES, OK, MEDIA | REMOTE, "", "", PARTS("{'type':'document','source':"
      "{'type':'url','url':'https://x.example/a.pdf'}}") },
    { MESSAGES, OK, REFERENCE, "", "", PARTS("{'type':'document','source':"
      "{'type':'file','file_id':'file_1'}}") },
    { MESSAGES, OK, 0, "ti|a|", "", PARTS("{'type':'search_result','source':"
      "'https://x.example','title':'ti','content':[{'type':'text','text':'a'}],"
      "'citations':{'enabled':true}}") },
    { MESSAGES, OK, REFERENCE, "", "", PARTS("{'type':'container_upload',"
      "'file_id':'file_1'}") },
    { MESSAGES, OK, 0, "image|none|", "f|", PARTS("{'type':'tool_use','id':"
      "'toolu_1','name':'f','input':{'type':'image','file_id':'none'},'caller':"
      "{'type':'direct'},'toolset_name':null}") },
    { MESSAGES, OK, 0, "out|", "", PARTS("{'type':'tool_result','tool_use_id':"
      "'toolu_1','content':'out','is_error':true,'cache_control':null}") },
    { MESSAGES, OK, MEDIA, "a|iVBO|ti|b|doc|", "f|", PARTS("{'type':"
      "'tool_result','tool_use_id':'toolu_1','content':[{'type':'text','text':"
      "'a'},{'type':'image','source':{'type':'base64','data':'iVBO'}},{'type':"
      "'search_result','source':'x.example','title':'ti','content':[{'type':"
      "'text','text':'b'}]},{'type':'document','source':{'type':'text','data':"
      "'doc'}},{'type':'tool_reference','tool_name':'f'}]}") },
    { MESSAGES, OK, 0, "tab_1|page|https://x.example|opened|", "", PARTS("{"
      "'type':'tool_result','tool_use_id':'toolu_1','toolset_name':'browser',"
      "'content':[{'type':'browser_state','tabs':[{'tab_id':'tab_1','title':"
      "'page','url':'https://x.example'}],'state_changes':[{'type':"
      "'opened'}]}]}") },

    /* what servers' tools were asked and gave */

    { MESSAGES, OK, ENCRYPTED, "q|ti|", "web_search|", PARTS("{'type':"
      "'server_tool_use','id':'srv_1','name':'web_search','input':{'query':"
      "'q'}},{'type':'web_search_tool_result','tool_use_id':'srv_1','content':"
      "[{'type':'web_search_result','title':'ti','url':'https://x.example',"
      "'encrypted_content':'EqQBCg','page_age':null}]}") },
    { MESSAGES, OK, 0, "", "", PARTS("{'type':'web_search_tool_result',"
      "'tool_use_id':'srv_1','content':{'type':'web_search_tool_result_error',"
      "'error_code':'unavailable'}}") },
    { MESSAGES, OK, 0, "doc|", "", PARTS("{'type':'web_fetch_tool_result',"
      "'tool_use_id':'srv_1','content':{'type':'web_fetch_result','url':"
      "'https://x.example','retrieved_at':null,'content':{'type':'document',"
      "'source':{'type':'text','data':'doc'}}}}") },
    { MESSAGES, OK, REFERENCE, "out|err|", "", PARTS("{'type':"
      "'code_execution_tool_result','tool_use_id':'srv_1','content':{'type':"
      "'code_execution_result','stdout':'out','stderr':'err','return_code':0,"
      "'content':[{'type':'code_execution_output','file_id':'file_1'}]}}") },
    { MESSAGES, OK, ENCRYPTED, "err|", "", PARTS("{'type':"
      "'code_execution_tool_result','tool_use_id':'srv_1','content':{'type':"
      "'encrypted_code_execution_result','encrypted_stdout':'EqQBCg','stderr':"
      "'err','return_code':0,'content':[]}}") },
    { MESSAGES, OK, 0, "out|", "", PARTS("{'type':"
      "'bash_code_execution_tool_result','tool_use_id':'srv_1','content':{"
      "'type':'bash_code_execution_result','stdout':'out','content':[]}}") },
    { MESSAGES, OK, 0, "file|", "", PARTS("{'type':"
      "'text_editor_code_execution_tool_result','tool_use_id':'srv_1',"
      "'content':{'type':'text_editor_code_execution_view_result','file_type':"
      "'text','content':'file','num_lines':null}}") },
    { MESSAGES, OK, 0, "+x|", "", PARTS("{'type':"
      "'text_editor_code_execution_tool_result','tool_use_id':'srv_1',"
      "'content':{'type':'text_editor_code_execution_str_replace_result',"
      "'lines':['+x'],'new_lines':null}}") },
    { MESSAGES, OK, 0, "", "f|", PARTS("{'type':'tool_search_tool_result',"
      "'tool_use_id':'srv_1','content':{'type':"
      "'tool_search_tool_search_result','tool_references':[{'type':"
      "'tool_reference','tool_name':'f'}]}}") },
    { MESSAGES, OK, 0, "a|out|", "mt|", PARTS("{'type':'mcp_tool_use','id':"
      "'mcp_1','name':'mt','server_name':'crm','input':{'key':'a'}},{'type':"
      "'mcp_tool_result','tool_use_id':'mcp_1','is_error':false,'content':[{"
      "'type':'text','text':'out'}]}") },
    { MESSAGES, OK, 0, "", "mt|", PARTS("{'type':'mcp_tool_listing',"
      "'mcp_server_name':'crm','tools':[{'name':'mt','input_schema':{" ODD
      "}}]}") },
    { MESSAGES, OK, 0, "tip|", "", PARTS("{'type':'advisor_tool_result',"
      "'tool_use_id':'srv_1','content':{'type':'advisor_result','text':'tip',"
      "'stop_reason':null}}") },
    { MESSAGES, OK, ENCRYPTED, "", "", PARTS("{'type':'advisor_tool_result',"
      "'tool_use_id':'srv_1','content':{'type':'advisor_redacted_result',"
      "'encrypted_content':'EqQBCg'}}") },

    { MESSAGES, OK, 0, "sum|", "f|", PARTS("{'type':'compaction','content':"
      "'sum','encrypted_content':null,'signature':null,'tool_changes':[{'type':"
      "'tool_removal','tool':{'type':'tool_reference','name':'f'}}]}") },
    { MESSAGES, OK, ENCRYPTED, "", "", PARTS("{'type':'compaction','content':"
      "null,'encrypted_content':'EqQBCg'}") },
    { MESSAGES, OK, 0, "", "f|mt|", PARTS("{'type':'tool_addition','tool':"
      "{'type':'tool_definition','definition':{'name':'f','input_schema':{" ODD
      "}}}},{'type':'tool_addition','tool':{'type':'mcp_tool_reference','name':"
      "'mt','server_name':'crm'}},{'type':'tool_removal','tool':{'type':"
      "'mcp_toolset_reference','server_name':'crm'}}") },
    { MESSAGES, OK, UNKNOWN, "", "", PARTS("{'type':'tool_addition','tool':"
      "{'type':'tool_rumor'}}") },
    { MESSAGES, OK, 0, "", "", PARTS("{'type':'fallback','from':{'model':"
      "'one'},'to':{'model':'other'}}") },
    { MESSAGES, OK, UNKNOWN, "", "", PARTS("{'type':'scent','scent':'rose'}") },
    { MESSAGES, DUPLICATE, 0, NULL, NULL, PARTS("{'type':'text','text':'a',"
      "'text':'b'}") },

    { COUNT, OK, 0, "hi|s|", "f|", WITH("'system':'s','tools':[{'name':'f',"
      "'input_schema':{" ODD "}}],'thinking':{'type':'disabled'}") },
    { COUNT, OK, MEDIA | REMOTE, "", "", PARTS("{'type':'image','source':"
      "{'type':'url','url':'https://x.example/a.png'}}") },
};


static const shape_t  ollama[] = {

    { O_CHAT, OK, 0, "hi|", "", WITH("'stream':false,'format':'json',"
      "'keep_alive':0,'think':'high','logprobs':true,'top_logprobs':3,"
      "'options':{'seed':1,'stop':['halt'],'num_ctx':4096}") },
    { O_CHAT, OK, 0, "hi|", "f|", WITH("'format':{" ODD "},'tools':[{'type':"
      "'function','function':{'name':'f','type':'object','parameters':{"
      "'$defs':{},'required':['file_id']," ODD "}}}]") },
    { O_CHAT, OK, 0, "th|image|none|", "f|", ONE("'role':'assistant',"
      "'content':'','thinking':'th','tool_calls':[{'function':{'name':'f',"
      "'arguments':{'type':'image','file_id':'none'}}}]") },
    { O_CHAT, OK, 0, "out|", "f|", ONE("'role':'tool','tool_name':'f',"
      "'content':'out'") },
    { O_CHAT, OK, MEDIA, "see|", "", ONE("'role':'user','content':'see',"
      "'images':['iVBORw']") },
    { O_GENERATE, OK, 0, "p|s|t|x|", "", "{'model':'m','prompt':'p','system':"
      "'s','template':'t','suffix':'x','raw':true,'format':{" ODD "},'width':"
      "64,'steps':4,'keep_alive':'5m','options':{}}" },
    { O_GENERATE, OK, TOKENS, "p|", "", "{'model':'m','prompt':'p','context':"
      "[31373,11]}" },
    { O_GENERATE, OK, MEDIA, "p|", "", "{'model':'m','prompt':'p','images':"
      "['iVBORw']}" },
    { O_EMBED, OK, 0, "e|", "", "{'model':'m','input':'e','truncate':true,"
      "'dimensions':256,'options':{},'keep_alive':'5m'}" },
    { O_EMBED, OK, 0, "e|f|", "", "{'model':'m','input':['e','f']}" },
    { O_OLD, OK, 0, "e|", "", "{'model':'m','prompt':'e'}" },
    { O_CHAT, WRONG, 0, NULL, NULL, WITH("'stream':'no'") },
};


static ig_arena_t  *arena;


/* is there a span that begins at each string that is not too short for one? */

static void
check_spans(const char *json, const ig_block_t *b)
{
    bool                    found;
    size_t                  i, at;
    const char             *p, *end;
    const ig_span_chunk_t  *c;

    for (p = strchr(json, '"'); p; p = strchr(end + 1, '"')) {
        end = strchr(++p, '"');
        assert_non_null(end);

        if (end - p < IG_MIN_SPAN) {
            continue;
        }

        at = (size_t) (p - json);
        found = false;

        for (c = b->spans; c; c = c->next) {
            for (i = 0; i < c->n; i++) {
                found |= c->spans[i].start == at
                         && c->spans[i].len == (size_t) (end - p);
            }
        }

        if (!found) {
            fail_msg("%s: no span at %zu", json, at);
        }
    }
}


static void
check_shape(const shape_t *s)
{
    char          json[4096], found[1024];
    size_t        i, n;
    ig_reading_t  r;

    n = strlen(s->body);
    assert_true(n < sizeof(json));

    for (i = 0; i <= n; i++) {
        json[i] = s->body[i] == '\'' ? '"' : s->body[i];
    }

    r = read_post(s->path, ig_str_from_c(json), arena);

    if (r.reason != s->reason) {
        fail_msg("%s: %s at %zu", json,
                 (const char *) ig_reason_code(r.reason).data, r.reason_at);
    }

    if (r.reason != IG_REASON_NONE) {
        return;
    }

    if (r.uninspectable != s->uninspectable) {
        fail_msg("%s: uninspectable 0x%x", json, r.uninspectable);
    }

    text_of(block_of(&r, IG_BLOCK_BODY), found, sizeof(found));

    if (strcmp(found, s->text) != 0) {
        fail_msg("%s: text %s", json, found);
    }

    for (i = 0, n = 0; i < r.tools.n; i++) {
        n += (size_t) sprintf(found + n, "%.*s|", IG_FMT(r.tools.items[i]));
    }

    found[n] = '\0';

    if (strcmp(found, s->tools) != 0) {
        fail_msg("%s: tools %s", json, found);
    }

    check_spans(json, block_of(&r, IG_BLOCK_BODY));
}


#define TEST(table)                                                           \
    static void                                                               \
    test_##table(void **state)                                                \
    {                                                                         \
        size_t  i;                                                            \
                                                                              \
        (void) state;                                                         \
                                                                              \
        for (i = 0; i < sizeof(table) / sizeof(table[0]); i++) {              \
            check_shape(&table[i]);                                           \
        }                                                                     \
    }

TEST(chat)
TEST(plain)
TEST(responses)
TEST(messages)
TEST(ollama)


int
main(void)
{
    int                      rc;
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_chat),
        cmocka_unit_test(test_plain),
        cmocka_unit_test(test_responses),
        cmocka_unit_test(test_messages),
        cmocka_unit_test(test_ollama),
    };

    arena = ig_arena_new(16u << 20, 1u << 20);
    rc = cmocka_run_group_tests(tests, NULL, NULL);
    ig_arena_free(arena);

    return rc;
}
